import { requireLinux } from '../relays/measure-relays.ts';
import { median } from '../relays/rounds.ts';
import type { Claim, Found } from '../report/page.ts';
import type { Row } from '../report/table.ts';
import { formsOfNodes } from './forms.ts';
import type { FormName } from './forms.ts';
import { measureMetricsReads } from './metrics-reads.ts';
import type { ReadWindow, ReadWindows } from './metrics-reads.ts';
import { measureOneStart } from './starts.ts';
import type { Start } from './starts.ts';

const FULL = { starts: 10, waits: 3, rounds: 10, windowMs: 3_000 };
const QUICK = { starts: 3, waits: 1, rounds: 3, windowMs: 1_500 };
const MOST_OF_CHECKOUT = 0.45;
const MOST_IDLE_MB = 130;
const MOST_IDLE_MB_MORE = 10;
const REPEAT = '`pnpm bench --start`';

/** Starts of each form, by its name; the n-th of all belong together. */
export type Starts = Readonly<Record<'program folder' | 'checkout', readonly Start[]>> & { readonly before?: readonly Start[] };

/**
 * Measures a node as packages install it beside the same node of the checkout, in turns: how fast it starts, and its memory at rest.
 * Besides, what reads of its metrics do to the latency of datagrams. Linux only.
 * @param other the folder of another checkout, whose node is measured in turns with both
 */
export async function measureStart(quick: boolean, other: string | undefined, progress: (what: string) => void): Promise<Found> {
  requireLinux();
  const { starts, waits, rounds, windowMs } = quick ? QUICK : FULL;
  const forms = formsOfNodes(other);
  const names = Object.keys(forms) as FormName[];
  const found: Record<string, Start[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < starts; round++) {
    progress(`start ${round + 1} of ${starts}`);
    for (const name of names) found[name].push(await measureOneStart(forms[name] ?? {}, starts - round <= waits));
  }
  const { 'program folder': folder, checkout, before } = found;
  return foundOf(
    { 'program folder': folder, checkout, ...(before && { before }) },
    await measureMetricsReads(forms['program folder'], rounds, windowMs, progress),
  );
}

/** Tables and claims, with medians of all rounds. */
export function foundOf(starts: Starts, reads: ReadWindows): Found {
  const startRows = Object.entries(starts).map(([form, all]): Row => {
    const times = all.map(({ startMs }) => startMs);
    return { node: form, 'start to /health, ms': median(times), 'fastest, ms': Math.min(...times), 'RSS idle, MB': idleMegabytes(all) };
  });
  const idleMb = idleMegabytes(starts['program folder']);
  const ratios = starts['program folder'].map(({ startMs }, round) => startMs / starts.checkout[round].startMs);
  const added = reads.withReads.map(({ p99Us }, round) => p99Us - reads.without[round].p99Us);
  const claim = (what: string, against: string, load: string, bound: number, measured: number): Claim => {
    return { claim: what, against, load, bound, measured: [measured], repeat: REPEAT };
  };
  return {
    figures: {
      'A node starts': startRows,
      '/metrics is read ten times a second, with 1,000 clients': [rowOf('no reads', reads.without), rowOf('reads', reads.withReads)],
      'What reads add in one round': [{ 'p99 µs, median': median(added), smallest: Math.min(...added), largest: Math.max(...added) }],
    },
    claims: [
      claim('start to /health, ratio', 'checkout', 'program folder', MOST_OF_CHECKOUT, median(ratios)),
      claim('RSS idle, MB', '–', 'program folder', MOST_IDLE_MB, idleMb),
      ...(starts.before === undefined
        ? []
        : [claim('RSS idle, MB more', 'before', 'program folder', MOST_IDLE_MB_MORE, idleMb - idleMegabytes(starts.before))]),
    ],
    faults: [],
  };
}

function rowOf(what: string, windows: readonly ReadWindow[]): Row {
  const of = (value: (window: ReadWindow) => number) => median(windows.map(value));
  return {
    windows: what,
    'p50 µs': of(({ p50Us }) => p50Us),
    'p99 µs': of(({ p99Us }) => p99Us),
    'lost, %': of(({ loss }) => 100 * loss),
  };
}

function idleMegabytes(starts: readonly Start[]): number {
  return median(starts.map(({ idleBytes }) => idleBytes / 1e6).filter((bytes) => !Number.isNaN(bytes)));
}
