import { parsePeer } from './loss/peer-line.ts';
import { LabError, readOptions } from '@lightspeed/lab';

/** What a run measures. */
export const PARTS = {
  micro: 'nanoseconds of a round trip without system calls, of all its checks, and of FEC; bytes allocated',
  relays: 'nodes beside other relays under the same load: CPU time of a round trip, latency, loss, memory',
  scale: 'nodes with 1,000 to 50,000 sessions: memory of each, CPU time and latency',
} as const;
/** The name of a part of the benchmarks. */
export type Part = keyof typeof PARTS;

/** What the command line of `pnpm bench` asks for. */
export type BenchOptions = ReturnType<typeof parseOptions>;

/** @throws {LabError} `ERR_LAB_USAGE` */
export function parseOptions(words: readonly string[]) {
  const values = readOptions(words, OPTIONS);
  const {
    help = false,
    quick = false,
    json = false,
    gate = false,
    capture = false,
    loss = false,
    'idle-control': idleControl = false,
    start = false,
    wildcard = false,
    only,
    against,
  } = values;
  if (!isPart(only)) throw usage(`--only takes ${Object.keys(PARTS).join(', ')}, got '${only}'`);
  const alone = gate
    ? 'gate'
    : capture
      ? 'capture'
      : loss
        ? 'loss'
        : idleControl
          ? 'idle-control'
          : start
            ? 'start'
            : against === undefined
              ? undefined
              : 'against';
  const allowed = ['help', ...(alone === undefined ? [] : ALLOWED[alone])];
  const other = Object.keys(values).find((name) => alone !== undefined && !allowed.includes(name));
  if (other !== undefined) throw usage(`--${alone} does not go with --${other}`);
  if (against === undefined && (wildcard || values.pairs !== undefined)) throw usage('--wildcard and --pairs go with --against');
  const pairs = values.pairs === undefined ? undefined : Number(values.pairs);
  if (pairs !== undefined && !(Number.isInteger(pairs) && pairs > 0)) throw usage(`--pairs takes a number above 0, got '${values.pairs}'`);
  if (!loss && values.peer !== undefined) throw usage('--peer goes with --loss');
  const peers = [values.peer ?? []].flat().map(parsePeer);
  const write = !quick && !capture && !idleControl && !start && only === undefined && values['no-write'] !== true;
  return { help, quick, json, only, gate, capture, loss, idleControl, start, peers, against, wildcard, pairs, write };
}

function isPart(name: string | undefined): name is Part | undefined {
  return name === undefined || Object.hasOwn(PARTS, name);
}

const FLAG = { type: 'boolean' } as const;
const TEXT = { type: 'string' } as const;
/** What goes with the runs that stand for themselves. */
const ALLOWED = {
  gate: ['gate'],
  capture: ['capture', 'quick', 'json'],
  'idle-control': ['idle-control', 'quick', 'json'],
  start: ['start', 'quick', 'json', 'against'],
  loss: ['loss', 'quick', 'json', 'no-write', 'peer'],
  against: ['against', 'wildcard', 'pairs', 'quick'],
};
const OPTIONS = {
  ...{ help: { ...FLAG, short: 'h' }, quick: FLAG, json: FLAG, 'no-write': FLAG, only: TEXT },
  ...{
    gate: FLAG,
    capture: FLAG,
    'idle-control': FLAG,
    start: FLAG,
    loss: FLAG,
    peer: { ...TEXT, multiple: true },
    against: TEXT,
    wildcard: FLAG,
    pairs: TEXT,
  },
};

function usage(message: string): LabError {
  return new LabError('ERR_LAB_USAGE', message);
}

/** What `pnpm bench --help` prints. */
export function helpText(): string {
  const parts = Object.entries(PARTS).map(([name, about]) => `  ${name.padEnd(8)}${about}`);
  return `Measures LightSpeed on this machine, with nginx, coturn and a minimal relay in C beside it where they can run.

  pnpm bench [options]

${parts.join('\n')}

Options:
  --quick        measures less of each part, in about a minute; writes no page
  --only PART    one of ${Object.keys(PARTS).join(', ')}; writes no page
  --no-write     prints only; else a whole run writes docs/benchmarks.md and docs/benchmarks.json
  --json         prints data in place of tables
  --gate         checks what no machine changes against bounds, as CI does. These are bytes, instructions and system
                 calls per packet, bytes per session, and cost beside the relay in C. Exit code 1 if a bound is exceeded
  --capture      measures what catching a game costs, as root in network namespaces. These are CPU time, memory, latency
                 of direct flows, and what the kill of a process loses. Some four minutes, or one with --quick
  --idle-control measures what a node spends on 1,000 control connections over which nothing happens, in three minutes, or
                 on 250 in half a minute with --quick. Linux only
  --start        measures the program folder of a node beside the checkout: start, memory, and what reads of /metrics do to
                 latency. Some three minutes, or one with --quick; \`pnpm artefacts bundle\` comes first. Linux only.
                 With --against DIR the node of that checkout starts beside them, and its memory is compared
  --loss         plays a game over emulated lines that lose, on a virtual clock, under each setting of --protect. Writes
                 docs/loss.md with charts; some five minutes, or half a minute with --quick
  --peer TEXT    with --loss: somebody else's tunnel takes part, in real time, a minute for each line. NAME=SERVER | CLIENT,
                 two commands in which {listen} and {to} stand for addresses; may be repeated
  --against DIR  compares this checkout's node with that of another checkout, whose packages are installed.
                 Prints the ratio of CPU time per round trip, in interleaved pairs of new processes
  --wildcard     with --against: the sockets of both nodes are bound to all addresses, else to 127.0.0.1
  --pairs N      with --against: how many pairs there are (10, or 3 with --quick)
  -h, --help     this

For example:
  pnpm bench                       everything, some 20 minutes; writes docs/benchmarks.md
  pnpm bench --quick               the same in short
  pnpm bench --only micro --json   for programs
  pnpm bench --capture             what run costs beside play, and how it fails open
  pnpm bench --loss                what protection brings in time, and what it costs
  pnpm bench --against ../base     whether the packet path got slower
  pnpm bench --start --against ../base   whether a node at rest takes more memory

CPU time, latencies and nanoseconds depend on the machine: compare them within one run only. Close other programs first.
The exit code is 0 if everything could be measured and nothing was as it must not be, whether or not a claim holds.
`;
}
