import type { AllocationResult } from './allocation.ts';
import type { MicroResult } from './micro.ts';
import { left, markdownTable, right } from './report/markdown.ts';
import { fixed, whole } from './report/numbers.ts';
import type { MeasureContext } from './section.ts';

/** A relay that allocates per packet allocates tens of bytes; what a million packets cost here are timers. */
const MOST_BYTES_PER_PACKET = 1;

interface Pieces {
  readonly allocation: readonly AllocationResult[];
  readonly timings: readonly MicroResult[];
}

export function renderPieces({ allocation, timings }: Pieces, { verbose }: MeasureContext): string {
  const allocated = allocation.map(({ name, bytesPerMillionPackets, top }) => {
    return [name, whole(bytesPerMillionPackets), ...(verbose ? [top.join('; ')] : [])];
  });
  return [
    '### Allocated on the heap',
    markdownTable([left('path'), right('bytes per million packets'), ...(verbose ? [left('most of it by')] : [])], allocated),
    '### Nanoseconds per operation',
    markdownTable(
      [left('operation'), right('median'), right('p99')],
      timings.map(({ name, medianNs, p99Ns }) => [name, fixed(medianNs, 1), fixed(p99Ns, 1)]),
    ),
  ].join('\n\n');
}

export function allocationFaults(allocation: readonly AllocationResult[]): string[] {
  return allocation
    .filter(({ bytesPerMillionPackets }) => bytesPerMillionPackets > MOST_BYTES_PER_PACKET * 1_000_000)
    .map(({ name, bytesPerMillionPackets }) => {
      return `"${name}" allocates ${bytesPerMillionPackets / 1e6} bytes per packet, at most ${MOST_BYTES_PER_PACKET} is allowed`;
    });
}
