import { do_not_optimize, measure } from 'mitata';
import { admissionPieces } from './admission-pieces.ts';
import { measureAllocation } from './allocation.ts';
import type { AllocationResult } from './allocation.ts';
import { fecBenches } from './fec.bench.ts';
import { headerPieces } from './header-pieces.ts';
import { lookupPieces } from './lookup-pieces.ts';
import type { Piece } from './piece.ts';
import { relayPieces } from './relay-pieces.ts';

/** One timing: nanoseconds per operation. */
interface MicroTiming {
  readonly name: string;
  readonly medianNs: number;
  readonly p99Ns: number;
}

export interface MicroResult {
  readonly timings: readonly MicroTiming[];
  readonly allocation: readonly AllocationResult[];
}

export interface MicroOptions {
  /** Shorter runs, and of FEC only groups of four packets of one size. */
  readonly quick: boolean;
}

const ALL_FEC = /^fec /;
const QUICK_FEC = /K=4 1400 B/;
const ALLOCATION = { roundTrips: 1_000_000, warmUpRoundTrips: 400_000 };
const QUICK_ALLOCATION = { roundTrips: 100_000, warmUpRoundTrips: 100_000 };

/**
 * Times the pieces of the packet path, one at a time, and counts what whole ways of it allocate. Needs `--expose-gc`.
 * @param onProgress called with what is measured next.
 */
export async function measureMicro({ quick }: MicroOptions, onProgress: (what: string) => void): Promise<MicroResult> {
  onProgress('allocation');
  const allocation = await measureAllocation(quick ? QUICK_ALLOCATION : ALLOCATION);
  const timings: MicroTiming[] = [];
  const groups = [headerPieces, lookupPieces, admissionPieces, relayPieces];
  for (const pieces of groups) {
    for (const piece of pieces()) {
      onProgress(piece.name);
      timings.push(await time(piece, quick ? 50 : 500));
    }
  }
  onProgress('forward error correction');
  timings.push(...(await timeFec(quick)));
  return { timings, allocation };
}

async function time({ name, operations, run: piece }: Piece, minMs: number): Promise<MicroTiming> {
  const stats = await measure(() => do_not_optimize(piece()), { min_cpu_time: minMs * 1e6 });
  return { name, medianNs: stats.p50 / operations, p99Ns: stats.p99 / operations };
}

async function timeFec(quick: boolean): Promise<MicroTiming[]> {
  const timings: MicroTiming[] = [];
  for (const bench of fecBenches(quick ? QUICK_FEC : ALL_FEC)) {
    const { runs } = await bench.run(true);
    for (const { name, stats } of runs) if (stats !== undefined) timings.push({ name, medianNs: stats.p50, p99Ns: stats.p99 });
  }
  return timings;
}
