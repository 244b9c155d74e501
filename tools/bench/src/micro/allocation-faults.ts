import type { AllocationResult } from './allocation.ts';

/** A relay that allocates per packet allocates tens of bytes; what a million packets cost here are timers. */
const MOST_BYTES_PER_PACKET = 1;

/** What allocates more than it may, in words. */
export function allocationFaults(allocation: readonly AllocationResult[]): string[] {
  return allocation
    .filter(({ bytesPerMillionPackets }) => bytesPerMillionPackets > MOST_BYTES_PER_PACKET * 1_000_000)
    .map(({ name, bytesPerMillionPackets }) => {
      return `"${name}" allocates ${bytesPerMillionPackets / 1e6} bytes per packet, at most ${MOST_BYTES_PER_PACKET} is allowed`;
    });
}
