import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError, command } from '@lightspeed/lab';
import type { BenchOptions } from '../options.ts';
import { GROUP_SIZE } from '../relays/entrants.ts';
import { ARRIVALS, CLAIMED_RATES_PPS, CLIENTS } from '../relays/loads.ts';
import { measureRelays } from '../relays/measure-relays.ts';
import { ourNode } from '../relays/our-node.ts';
import { median } from '../relays/rounds.ts';
import type { WindowMeasurement } from '../relays/window.ts';
import { markdownTable } from '../report/table.ts';

const THIS_CHECKOUT = fileURLToPath(new URL('../../../..', import.meta.url));
const FORMS = { 'version 1': 0, [`version 2, K=${GROUP_SIZE}`]: GROUP_SIZE };
const CASES = Object.keys(FORMS).flatMap((form) => CLAIMED_RATES_PPS.map((ratePps) => ({ form, ratePps })));
/** A busy machine may hold packets up for long: what was sent or answered too late, or lost, shows that it did. */
const TIMEOUT_MS = 2_000;
const MAX_LOSS = 0.01;
const MAX_LATE_US = 10_000;
const PLAN = { pairs: 10, warmUpMs: 3_000, windowWarmUpMs: 300, measureMs: 1_200 };
const QUICK_PLAN = { pairs: 3, warmUpMs: 1_000, windowWarmUpMs: 150, measureMs: 400 };

/** CPU time per round trip of both nodes in one pair of windows. */
export interface Pair {
  readonly ownUs: number;
  readonly otherUs: number;
}

/**
 * `pnpm bench --against DIR`: runs the node of this checkout and that of another one under the same load. It prints by
 * how much a round trip costs more. V8 compiles a program a little differently each time that it starts, so each pair has
 * new processes. Both are warmed up first, they take turns on one core, and who comes first alternates.
 * @returns the exit code, 1 if no pair of a case counts
 */
export async function runAgainst(folder: string, options: BenchOptions, progress: (text: string) => void): Promise<number> {
  const programs = [THIS_CHECKOUT, resolve(folder)].map((path) => join(path, 'apps', 'proxy', 'src', 'main.ts'));
  const gone = programs.find((program) => !existsSync(program));
  if (gone !== undefined) throw new LabError('ERR_LAB_USAGE', `--against takes a checkout; there is no ${gone}`);
  const { pairs, warmUpMs, windowWarmUpMs, measureMs } = options.quick ? QUICK_PLAN : PLAN;
  const binds = options.wildcard ? await Promise.all(programs.map(wildcardOf)) : undefined;
  const nameOf = (form: string, which: number) => `${form}, ${which === 0 ? 'this node' : 'the other node'}`;
  const [own, other] = programs.map((program, which) => {
    const forms = Object.entries(FORMS).map(([form, groupSize]) => [nameOf(form, which), groupSize]);
    return ourNode({ io: 'batch', program, dataBind: binds?.[which], hangsUp: true }, Object.fromEntries(forms) as Record<string, number>);
  });
  const window = { clients: CLIENTS, ...ARRIVALS['one by one'], timeoutMs: TIMEOUT_MS };
  const loads = CLAIMED_RATES_PPS.map((ratePps) => ({ ...window, ratePps, rounds: 1, warmUpMs: windowWarmUpMs, measureMs }));
  const warmUp = { ...window, ratePps: CLAIMED_RATES_PPS[0], warmUpMs, measureMs: 200 };
  const measured = CASES.map((): Pair[] => []);
  let layout = '';
  const wanted = options.pairs ?? pairs;
  for (let pair = 0; pair < wanted; pair++) {
    const entrants = pair % 2 === 0 ? [own, other] : [other, own];
    const found = await measureRelays({ loads, warmUp, entrants, isSound }, (text) => progress(`pair ${pair + 1} of ${wanted}: ${text}`));
    layout = found.layout;
    for (const [index, { form, ratePps }] of CASES.entries()) {
      const rounds = found.loads.find(({ load }) => load.ratePps === ratePps)?.rounds ?? [];
      const [mine, theirs] = [0, 1].map((which) => rounds.find(({ relay }) => relay === nameOf(form, which))?.windows[0]);
      if (mine === undefined || theirs === undefined) continue;
      if (isSound(mine) && isSound(theirs)) measured[index].push({ ownUs: mine.cpuUsPerRoundTrip, otherUs: theirs.cpuUsPerRoundTrip });
      else process.stderr.write(`bench: a pair at ${ratePps} a second does not count: is something else running on this machine?\n`);
    }
  }
  const bound = binds === undefined ? '127.0.0.1' : `${binds[0]}, of the other ${binds[1]}`;
  process.stdout.write(`${renderPairs(measured)}\n\n${layout}; data plane at ${bound}; the other checkout is ${resolve(folder)}.\n`);
  return measured.every(({ length }) => length > 0) ? 0 : 1;
}

/** Whether both the load and its answers were in time. A relay that waits for the processor takes more at once, and seems to cost less. */
export function isSound({ loss, lateP99Us }: Pick<WindowMeasurement, 'loss' | 'lateP99Us'>): boolean {
  return loss <= MAX_LOSS && lateP99Us <= MAX_LATE_US;
}

/** A row for each case: the median of the ratios, and the smallest and the largest of them. */
export function renderPairs(measured: readonly (readonly Pair[])[]): string {
  return markdownTable(
    CASES.map(({ form, ratePps }, index) => {
      const pairs = measured[index];
      const ratios = pairs.map(({ ownUs, otherUs }) => ownUs / otherUs);
      return {
        'packets of': form,
        'round trips per second': ratePps,
        'this checkout, CPU µs each': median(pairs.map(({ ownUs }) => ownUs)),
        'the other one': median(pairs.map(({ otherUs }) => otherUs)),
        ratio: pairs.length === 0 ? '–' : median(ratios).toFixed(3),
        'least to most': pairs.length === 0 ? '–' : `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`,
        pairs: pairs.length,
      };
    }),
  );
}

/** @returns all addresses, as a checkout's data plane is bound to them by default: of IPv4 alone, or of IPv6 too. */
async function wildcardOf(program: string): Promise<string> {
  const help = await command(process.execPath, ['--conditions=@lightspeed/source', program, 'serve', '--help']);
  const bind = /--data-bind .*\(default (.*):\d+[,)]/.exec(help)?.[1];
  if (bind === undefined) throw new LabError('ERR_LAB_PROCESS', `${program} does not say to what --data-bind is bound by default`);
  return `${bind}:0`;
}
