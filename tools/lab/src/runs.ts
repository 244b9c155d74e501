import { reasonOf } from './errors.ts';

/** What a long run came to. */
interface Outcome {
  readonly name: string;
  /** Why it failed, one line each; none if it passed. */
  readonly faults: readonly string[];
  readonly figures: Figures;
}

/** What was measured, for people. */
export type Figures = Readonly<Record<string, string | number>>;

/** Told now and then how a run goes, in one line. */
export type Progress = (line: string) => void;

/** Collects what must hold in a run. */
export class Expectations {
  readonly faults: string[] = [];

  equal(what: string, got: number, wanted: number): void {
    this.that(got === wanted, `${what}: ${got} instead of ${wanted}`);
  }

  that(holds: boolean, fault: string): void {
    if (!holds) this.faults.push(fault);
  }
}

/** What a run works with. */
export interface Means {
  readonly expect: Expectations;
  readonly progress: Progress;
  /** What is started in here ends with the run. */
  readonly started: AsyncDisposableStack;
}

/** Something that can be carried out with options or without, and judges itself. */
export interface Run<Options = never> {
  readonly name: string;
  readonly about: string;
  /** Rejects if it cannot take place. */
  readonly start: (progress: Progress, options?: Partial<Options>) => Promise<Outcome>;
}

/** @param usual the options that hold when it is given none. */
export function defineRun<Options>(
  name: string,
  about: string,
  usual: Options,
  carryOut: (means: Means, options: Options) => Promise<Figures>,
): Run<Options> {
  const start: Run<Options>['start'] = async (progress, options) => {
    await using started = new AsyncDisposableStack();
    const expect = new Expectations();
    const figures = await carryOut({ expect, progress, started }, { ...usual, ...options });
    return { name, faults: expect.faults, figures };
  };
  return { name, about, start };
}

/** A program that carries out runs. */
export interface RunsProgram {
  /** How it is called. */
  readonly program: string;
  readonly about: string;
  /** Names of runs, for its help. */
  readonly example: string;
  readonly runs: readonly Run[];
  /** @returns why it can do nothing here, or undefined. */
  readonly whyNot?: () => Promise<string | undefined>;
}

/** Carries out the runs that are named on the command line, or all, and prints what came of them. @returns the exit code */
export async function carryOutRuns({ program, about, example, runs, whyNot }: RunsProgram): Promise<number> {
  const args = process.argv.slice(2).filter((word) => word !== '--');
  const names = args.filter((argument) => argument !== '--json');
  if (names.includes('--help') || names.includes('-h')) {
    process.stdout.write(usage(program, about, example, runs));
    return 0;
  }
  const unknown = names.find((name) => !runs.some((run) => run.name === name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no run '${unknown}': allowed are ${runs.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  const why = await whyNot?.();
  if (why !== undefined) {
    process.stderr.write(`Nothing can be run here: ${why}\n`);
    return 1;
  }
  const outcomes: Outcome[] = [];
  for (const { name, start } of names.length === 0 ? runs : names.flatMap((name) => runs.filter((run) => run.name === name))) {
    const failed = (error: unknown) => ({ name, faults: [reasonOf(error)], figures: {} });
    outcomes.push(await start((line) => process.stderr.write(`${name}: ${line}\n`)).catch(failed));
  }
  process.stdout.write(args.includes('--json') ? `${JSON.stringify(outcomes)}\n` : `\n${outcomes.map(table).join('\n\n')}\n`);
  return outcomes.every(({ faults }) => faults.length === 0) ? 0 : 1;
}

function usage(program: string, about: string, example: string, runs: readonly Run[]): string {
  return `${program} [name...] [--json]

${about} Those that are named, or all. Exit code 0 only if all passed.

${runs.map((run) => `  ${run.name.padEnd(14)} ${run.about}`).join('\n')}

For example:  ${program} ${example}
`;
}

function table({ name, faults, figures }: Outcome): string {
  return [
    `${faults.length === 0 ? 'PASS' : 'FAIL'}  ${name}`,
    ...faults.map((fault) => `      ! ${fault}`),
    ...Object.entries(figures).map(([label, value]) => `      ${label.padEnd(24)} ${value}`),
  ].join('\n');
}
