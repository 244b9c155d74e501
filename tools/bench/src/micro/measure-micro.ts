import { admissionPieces } from './admission-pieces.ts';
import { measureAllocation } from './allocation.ts';
import type { AllocationResult } from './allocation.ts';
import { fecPieces } from './fec-pieces.ts';
import { headerPieces } from './header-pieces.ts';
import { lookupPieces } from './lookup-pieces.ts';
import { MemoryRelay } from './memory-relay.ts';
import { timePiece } from './time-piece.ts';
import type { Piece, Timing } from './time-piece.ts';

/** What all micro-benchmarks gave. */
export interface MicroResult {
  readonly timings: readonly Timing[];
  readonly allocation: readonly AllocationResult[];
}

const CLIENTS = 100;
const ALLOCATION = { roundTrips: 1_000_000, warmUpRoundTrips: 400_000 };
const QUICK_ALLOCATION = { roundTrips: 100_000, warmUpRoundTrips: 100_000 };
/** A relay that allocates per packet allocates tens of bytes; what a million packets cost here are timers. */
const MAX_BYTES_PER_PACKET = 1;

/**
 * Times the pieces of the packet path, one at a time, and counts what whole ways of it allocate. Needs `--expose-gc`.
 * @param quick shorter runs, and of FEC only groups of four packets of one size.
 * @param onProgress called with what is measured next.
 */
export async function measureMicro(quick: boolean, onProgress: (what: string) => void): Promise<MicroResult> {
  onProgress('allocation');
  const allocation = await measureAllocation(quick ? QUICK_ALLOCATION : ALLOCATION);
  const timings: Timing[] = [];
  for (const pieces of [headerPieces, lookupPieces, admissionPieces, relayPieces, () => fecPieces(quick)]) {
    for (const piece of pieces()) {
      onProgress(piece.name);
      timings.push(timePiece(piece, quick ? 80 : 600));
    }
  }
  return { timings, allocation };
}

/** Whole round trips through a relay, four packets each, without any system call. */
function relayPieces(): Piece[] {
  return [0, 4].map((groupSize) => {
    const relay = new MemoryRelay({ clients: CLIENTS, groupSize });
    const version = groupSize === 0 ? 'version 1' : 'version 2, K=4';
    const name = `relay: round trip of 120 bytes, ${CLIENTS} clients, ${version}`;
    return { name, operations: CLIENTS, run: () => relay.roundTrips(CLIENTS) };
  });
}

/** What allocates more than it may, in words. */
export function allocationFaults(allocation: readonly AllocationResult[]): string[] {
  return allocation
    .filter(({ bytesPerPacket }) => bytesPerPacket > MAX_BYTES_PER_PACKET)
    .map(({ path, bytesPerPacket, mostlyBy }) => `"${path}" allocates ${bytesPerPacket} bytes per packet, mostly by ${mostlyBy}`);
}
