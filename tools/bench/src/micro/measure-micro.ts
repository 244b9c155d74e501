import { Bench } from 'tinybench';
import type { Row } from '../report/table.ts';
import { measureAllocation } from './allocation.ts';
import type { Found } from '../report/page.ts';
import { OPERATIONS, pieces } from './pieces.ts';

const ALLOCATION = { roundTrips: 1_000_000, warmUpRoundTrips: 400_000 };
const QUICK_ALLOCATION = { roundTrips: 100_000, warmUpRoundTrips: 100_000 };
/** A relay that allocates per packet allocates tens of bytes; what a million packets cost here are timers. */
const MAX_BYTES_PER_PACKET = 1;
/** V8 compiles a piece in steps while it is warmed up. */
const TIMES = { warmupTime: 200, time: 400 };
const QUICK_TIMES = { warmupTime: 30, time: 50 };

/** Counts what whole ways of the packet path allocate, and times its pieces, one after another. */
export async function measureMicro(quick: boolean, progress: (what: string) => void): Promise<Found> {
  progress('allocation');
  const allocation = await measureAllocation(quick ? QUICK_ALLOCATION : ALLOCATION);
  const timings: Row[] = [];
  for (const [name, run] of Object.entries(pieces(quick))) {
    progress(name);
    const bench = new Bench({ ...(quick ? QUICK_TIMES : TIMES), throws: true });
    const [{ result }] = await bench.add(name, run).run();
    if (result.state !== 'completed') throw new Error(`${name} was not timed: ${result.state}`);
    const ns = (ms: number) => (ms * 1e6) / OPERATIONS;
    timings.push({ operation: name, median: ns(result.latency.p50), p99: ns(result.latency.p99) });
  }
  const allocated = allocation.map(({ path, bytesPerPacket, mostlyBy }) => ({
    path,
    'bytes per packet': bytesPerPacket,
    'mostly by': mostlyBy,
  }));
  return {
    figures: { 'Allocated on the heap': allocated, 'Nanoseconds per operation': timings },
    claims: allocation.map(({ path, bytesPerPacket }) => ({
      ...{ claim: 'bytes allocated on the heap per packet', against: '–', load: path },
      ...{ bound: MAX_BYTES_PER_PACKET, measured: [bytesPerPacket], repeat: '`pnpm bench --gate`' },
    })),
    faults: allocation
      .filter(({ bytesPerPacket }) => bytesPerPacket > MAX_BYTES_PER_PACKET)
      .map(({ path, bytesPerPacket, mostlyBy }) => `"${path}" allocates ${bytesPerPacket} bytes per packet, mostly by ${mostlyBy}`),
  };
}
