import { parseArgs } from 'node:util';
import { BenchError } from './bench-error.ts';
import type { AnySection } from './section.ts';

/** The command line of `pnpm bench`. */
export interface BenchOptions {
  readonly help: boolean;
  readonly quick: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly write: boolean;
  readonly only: string | undefined;
  /** Hold what does not depend on the machine to its bounds, and nothing else. */
  readonly gate: boolean;
}

/** @throws {BenchError} `ERR_BENCH_USAGE` */
export function parseOptions(words: readonly string[], sections: readonly AnySection[]): BenchOptions {
  const values = parseWords(words);
  const { help = false, quick = false, json = false, verbose = false, write = false, gate = false, only } = values;
  const allowed = sections.flatMap((section) => section.only);
  if (only !== undefined && !allowed.includes(only)) {
    throw new BenchError('ERR_BENCH_USAGE', `--only takes ${allowed.join(', ')}, got '${only}'`);
  }
  if (write && only !== undefined) {
    throw new BenchError('ERR_BENCH_USAGE', '--write takes a whole run: the page would lose what --only leaves out');
  }
  if (gate && words.some((word) => word.startsWith('-') && word !== '--gate' && word !== '--')) {
    throw new BenchError('ERR_BENCH_USAGE', '--gate goes alone: its bounds are for one way of measuring');
  }
  const whole = !quick && only === undefined;
  return { help, quick, json, verbose, only, gate, write: write || (whole && values['no-write'] !== true) };
}

function parseWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: words.filter((word) => word !== '--'),
      options: {
        help: { type: 'boolean', short: 'h' },
        quick: { type: 'boolean' },
        json: { type: 'boolean' },
        verbose: { type: 'boolean' },
        write: { type: 'boolean' },
        'no-write': { type: 'boolean' },
        only: { type: 'string' },
        gate: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new BenchError('ERR_BENCH_USAGE', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

export function helpText(sections: readonly AnySection[]): string {
  const names = sections.flatMap(({ only }) => only);
  return `Measures LightSpeed on this machine, and what people would use in its place beside it.

  pnpm bench [options]

${sections.map(({ name, about }) => `  ${name.padEnd(10)}${about}`).join('\n')}

Options:
  --quick        shorter runs and fewer of them, less than a minute in all; writes no page. Leaves out: FEC but for one group
                 and payload size, loads but for 100 clients at 20,000 and 60,000 a second, the highest rate, two workers,
                 socat and wireguard-go, more than 1,000 sessions
  --only NAME    one of ${names.join(', ')}; writes no page
  --write        writes docs/benchmarks.md and docs/benchmarks.svg, as a whole run does anyway
  --no-write     prints only
  --json         prints data in place of tables
  --verbose      also says which functions have allocated most
  --gate         holds what no machine changes to its bounds, as CI does: bytes, instructions and system calls per packet,
                 bytes per session, cost beside the relay in C; exit code 1 if one is passed over
  -h, --help     this

For example:
  pnpm bench                       everything, some 26 minutes; writes docs/benchmarks.md
  pnpm bench --quick               the same in short
  pnpm bench --only peers          nginx, coturn and others beside us, each if it is installed
  pnpm bench --only micro --json   for programs

CPU time, latencies and nanoseconds depend on the machine: compare them within one run only. Close other programs first.
The exit code is 0 if everything could be measured and nothing was as it must not be, whether or not a claim holds.
`;
}
