import type { Outcome, Progress } from './soak/outcome.ts';

interface Run {
  readonly about: string;
  readonly start: (progress: Progress) => Promise<Outcome>;
}

/** A program that carries out runs. */
export interface Runs {
  /** How it is called. */
  readonly program: string;
  readonly about: string;
  /** Names of runs, for its help. */
  readonly example: string;
  readonly runs: Readonly<Record<string, Run>>;
  /** @returns why it can do nothing here, or undefined. */
  readonly whyNot?: () => Promise<string | undefined>;
}

/** Carries out the runs that are named, or all, and prints what came of them. @returns the exit code */
export async function carryOutRuns(words: readonly string[], { program, about, example, runs, whyNot }: Runs): Promise<number> {
  const args = words.filter((word) => word !== '--');
  const json = args.includes('--json');
  const names = args.filter((argument) => argument !== '--json');
  if (names.includes('--help') || names.includes('-h')) {
    process.stdout.write(usage(program, about, example, runs));
    return 0;
  }
  const unknown = names.find((name) => runs[name] === undefined);
  if (unknown !== undefined) {
    process.stderr.write(`There is no run '${unknown}': allowed are ${Object.keys(runs).join(', ')}\n`);
    return 2;
  }
  const why = await whyNot?.();
  if (why !== undefined) {
    process.stderr.write(`Nothing can be run here: ${why}\n`);
    return 1;
  }
  const outcomes: Outcome[] = [];
  for (const name of names.length === 0 ? Object.keys(runs) : names) {
    outcomes.push(await carryOut(name, runs[name], (line) => process.stderr.write(`${name}: ${line}\n`)));
  }
  process.stdout.write(json ? `${JSON.stringify(outcomes)}\n` : `\n${outcomes.map(table).join('\n\n')}\n`);
  return outcomes.every(({ faults }) => faults.length === 0) ? 0 : 1;
}

function usage(program: string, about: string, example: string, runs: Runs['runs']): string {
  return `${program} [name...] [--json]

${about} Those that are named, or all. Exit code 0 only if all passed.

${Object.entries(runs)
  .map(([name, run]) => `  ${name.padEnd(14)} ${run.about}`)
  .join('\n')}

For example:  ${program} ${example}
`;
}

/** A run that could not take place has failed. */
async function carryOut(name: string, { start }: Run, progress: Progress): Promise<Outcome> {
  try {
    return await start(progress);
  } catch (error) {
    return { name, faults: [error instanceof Error ? error.message : String(error)], figures: {} };
  }
}

function table({ name, faults, figures }: Outcome): string {
  return [
    `${faults.length === 0 ? 'PASS' : 'FAIL'}  ${name}`,
    ...faults.map((fault) => `      ! ${fault}`),
    ...Object.entries(figures).map(([label, value]) => `      ${label.padEnd(24)} ${value}`),
  ].join('\n');
}
