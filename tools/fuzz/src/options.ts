import { parseArgs } from 'node:util';

/** What may be fuzzed. */
export const TARGETS = ['decode', 'capture', 'relay', 'tunnel', 'codec'] as const;
/** One of them. */
export type TargetName = (typeof TARGETS)[number];

/** What the command line asks for. Of seconds, datagrams and messages, whatever is reached first ends a target. */
export type FuzzOptions = ReturnType<typeof parseOptions>;

/** What `pnpm fuzz --help` prints. */
export const HELP = `Gives made-up datagrams and control messages to what reads those of strangers, and looks that nothing breaks.

  pnpm fuzz [options]

Options:
  --target NAME    ${TARGETS.join(', ')} or all (default all)
  --seconds N      ends after so many seconds, divided among the targets (default 60)
  --datagrams N    or after so many datagrams for decode, capture, relay and tunnel each (default no limit)
  --messages N     or after so many control messages (default no limit)
  --seed N         starts with this seed (default: the time), which is printed and repeats a run
  --json           prints what was reached as JSON
  -h, --help       this

For example:
  pnpm fuzz                                                  a minute, as CI does
  pnpm fuzz --seconds 86400 --datagrams 100000000 --messages 10000000
  pnpm fuzz --target relay --seed 7 --datagrams 1000000      the same each time

The exit code is 1 if something broke. The input that did it is printed in hexadecimal, to be added to
tools/fuzz/corpus/inputs.hex, which every run gives to all targets first.
`;

/** @throws {Error} with words for the user. */
export function parseOptions(words: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: words.filter((word) => word !== '--'),
    options: { target: text, seconds: text, datagrams: text, messages: text, seed: text, json: flag, help: { ...flag, short: 'h' } },
  });
  const { target = 'all', json = false, help = false } = values;
  const isName = (name: string): name is TargetName => (TARGETS as readonly string[]).includes(name);
  if (target !== 'all' && !isName(target)) throw new Error(`--target: got ${target}, allowed are ${TARGETS.join(', ')} and all`);
  return {
    targets: TARGETS.filter((name) => target === 'all' || target === name),
    seed: number('--seed', values.seed, Date.now() >>> 0, 0),
    seconds: number('--seconds', values.seconds, 60, 1),
    datagrams: number('--datagrams', values.datagrams, Infinity, 1),
    messages: number('--messages', values.messages, Infinity, 1),
    json,
    help,
  };
}

function number(name: string, given: string | undefined, fallback: number, least: number): number {
  if (given === undefined) return fallback;
  if (/^\d{1,15}$/.test(given) && Number(given) >= least) return Number(given);
  throw new Error(`${name}: got ${given}, allowed is a whole number from ${least} on`);
}
