import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LOOPBACK, LoadProcess } from '@lightspeed/lab';
import { BenchError } from '../bench-error.ts';
import { divideCores } from '../relays/cores.ts';
import { GROUP_SIZE } from '../relays/entrants.ts';
import { ARRIVALS, CLAIMED_RATES_PPS, CLIENTS } from '../relays/loads.ts';
import { letIn, requireLinux } from '../relays/measure-relays.ts';
import { OurNode } from '../relays/our-node.ts';
import type { Relay } from '../relays/relay.ts';
import { median } from '../relays/statistics.ts';
import { measureWindow } from '../relays/window.ts';
import type { WindowMeasurement } from '../relays/window.ts';
import { markdownTable } from '../report/table.ts';

const THIS_CHECKOUT = fileURLToPath(new URL('../../../..', import.meta.url));
const FORMS = { 'version 1': 0, [`version 2, K=${GROUP_SIZE}`]: GROUP_SIZE };
const CASES = Object.entries(FORMS).flatMap(([form, groupSize]) => CLAIMED_RATES_PPS.map((ratePps) => ({ form, groupSize, ratePps })));
/** A busy machine may hold packets up for long: what was sent or answered too late, or lost, shows that it did. */
const TIMEOUT_MS = 2_000;
const MAX_LOSS = 0.01;
const MAX_LATE_US = 10_000;
const MAX_TRIES = 3;
const PLAN = { pairs: 10, warmUpMs: 3_000, windowWarmUpMs: 300, measureMs: 1_200 };
const QUICK_PLAN = { pairs: 3, warmUpMs: 1_000, windowWarmUpMs: 150, measureMs: 400 };

/** CPU time per round trip of both nodes in one pair of windows. */
export interface Pair {
  readonly ownUs: number;
  readonly otherUs: number;
}

/** What to compare with the given commit, and how often. */
export interface AgainstOptions {
  readonly quick: boolean;
  readonly wildcard: boolean;
  readonly pairs: number | undefined;
}

/**
 * `pnpm bench --against DIR`: runs the node of this checkout and that of another one under the same load. It prints by
 * how much a round trip costs more. V8 compiles a program a little differently each time that it starts, so each pair has
 * new processes. Both are warmed up first, they take turns on one core, and who comes first alternates.
 * @returns the exit code, 1 if no pair of a case counts
 */
export async function runAgainst(folder: string, options: AgainstOptions, progress: (text: string) => void): Promise<number> {
  requireLinux();
  const checkouts = [THIS_CHECKOUT, resolve(folder)].map((path) => join(path, 'apps', 'proxy', 'src', 'main.ts'));
  const gone = checkouts.find((program) => !existsSync(program));
  if (gone !== undefined) throw new BenchError('ERR_BENCH_USAGE', `--against takes a checkout; there is no ${gone}`);
  const plan = { ...(options.quick ? QUICK_PLAN : PLAN), ...(options.pairs === undefined ? {} : { pairs: options.pairs }) };
  await using undo = new AsyncDisposableStack();
  const cores = undo.adopt(await divideCores(), ({ release }) => release());
  const binds = options.wildcard ? await Promise.all(checkouts.map(wildcardOf)) : undefined;
  const measured = CASES.map((): Pair[] => []);
  for (let pair = 0; pair < plan.pairs; pair++) {
    await using started = new AsyncDisposableStack();
    const load = started.use(new LoadProcess());
    const [gameServer] = await load.openSockets({ clients: CLIENTS, sourceIps: [LOOPBACK], serverIps: [LOOPBACK] });
    const nodes: OurNode[] = [];
    for (const [index, program] of checkouts.entries()) {
      progress(`pair ${pair + 1} of ${plan.pairs}: ${program} starts`);
      const dataBind = binds === undefined ? {} : { dataBind: binds[index] };
      const place = { gameServer, clients: CLIENTS, within: cores.relay, program, ...dataBind };
      const node = started.use(await OurNode.start({ name: `node ${index}`, io: 'batch', ...place }, load));
      await node.hangUp();
      nodes.push(node);
    }
    const window = (relay: Relay, ratePps: number, warmUpMs: number, measureMs: number) => {
      const shape = { clients: CLIENTS, ratePps, ...ARRIVALS['one by one'], warmUpMs, measureMs, timeoutMs: TIMEOUT_MS };
      return measureWindow(load, relay, shape);
    };
    const inTurns = async (relays: readonly Relay[], ratePps: number, order: readonly number[]): Promise<Pair | undefined> => {
      for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
        const us = [NaN, NaN];
        for (const which of order) {
          const measured = await window(relays[which], ratePps, plan.windowWarmUpMs, plan.measureMs);
          if (isSound(measured)) us[which] = measured.cpuUsPerRoundTrip;
        }
        if (!us.some(Number.isNaN)) return { ownUs: us[0], otherUs: us[1] };
      }
      process.stderr.write(`bench: a pair at ${ratePps} a second does not count: is something else running on this machine?\n`);
      return undefined;
    };
    for (const [index, { form, groupSize, ratePps }] of CASES.entries()) {
      const relays = nodes.map((node, which) => node.spokenTo(`${form} ${which}`, groupSize));
      await letIn(load, relays, CLIENTS);
      if (ratePps === CLAIMED_RATES_PPS[0]) for (const relay of relays) await window(relay, ratePps, plan.warmUpMs, 200);
      const taken = await inTurns(relays, ratePps, (pair + index) % 2 === 0 ? [0, 1] : [1, 0]);
      if (taken === undefined) continue;
      measured[index].push(taken);
      progress(
        `pair ${pair + 1} of ${plan.pairs}: ${form}, ${ratePps.toLocaleString('en')}/s: ${(taken.ownUs / taken.otherUs).toFixed(3)}`,
      );
    }
  }
  const bound = binds === undefined ? '127.0.0.1' : `${binds[0]}, of the other ${binds[1]}`;
  process.stdout.write(`${renderPairs(measured)}\n\n${cores.layout}; data plane at ${bound}; the other checkout is ${resolve(folder)}.\n`);
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
  const command = ['--conditions=@lightspeed/source', program, 'serve', '--help'];
  const { stdout } = await promisify(execFile)(process.execPath, command);
  const bind = /--data-bind .*\(default (.*):\d+[,)]/.exec(stdout)?.[1];
  if (bind === undefined) throw new BenchError('ERR_BENCH_PROCESS', `${program} does not say to what --data-bind is bound by default`);
  return `${bind}:0`;
}
