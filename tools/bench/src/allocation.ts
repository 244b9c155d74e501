import { getHeapStatistics } from 'node:v8';
import { chooseEngine } from '@lightspeed/udp';
import { MemoryRelay } from './memory-relay.ts';
import { SocketRelay } from './socket-relay.ts';

/** What one way of relaying has allocated on V8's heap. */
export interface AllocationResult {
  readonly name: string;
  readonly packets: number;
  /** Over the whole run after its warm-up. */
  readonly bytesPerMillionPackets: number;
  /** The same in the run's median part: what goes on when V8 has settled. */
  readonly steadyBytesPerMillionPackets: number;
}

const PARTS = 8;
const PACKETS_PER_ROUND_TRIP = 4;
/** V8 compiles the path in steps, each of which allocates; a node does this before it opens its port. */
const WARM_UP_ROUND_TRIPS = 400_000;

/** Round trips without sockets, which take no time to speak of. */
const MEMORY_ROUND_TRIPS = 250_000;

/**
 * Bytes that V8 has allocated since the process began. Freed ones count too, so that garbage collections change nothing.
 * It advances by the allocation areas of some ten kilobytes that V8 hands out, of which each look may waste one: parts
 * have to be long for that not to show.
 */
function allocatedBytes(): number {
  return getHeapStatistics().total_allocated_bytes;
}

/**
 * Measures the relay's packet path, without and with real sockets. Each round trip is four packets: two in, two out.
 * @param millionPackets how many to send over sockets.
 */
export async function measureAllocation(millionPackets: number): Promise<AllocationResult[]> {
  const roundTrips = Math.round((millionPackets * 1_000_000) / PACKETS_PER_ROUND_TRIP / PARTS);
  const results: AllocationResult[] = [];
  for (const groupSize of [0, 4]) {
    const relay = new MemoryRelay(100, groupSize, 120);
    relay.roundTrips(WARM_UP_ROUND_TRIPS);
    const marks = [allocatedBytes()];
    for (let part = 0; part < PARTS; part++) {
      relay.roundTrips(MEMORY_ROUND_TRIPS);
      marks.push(allocatedBytes());
    }
    if (relay.dropped > 0) throw new Error(`${relay.dropped} datagrams were refused in a run that should refuse none`);
    results.push(result(groupSize === 0 ? 'relay, version 1' : `relay, version 2, K=${groupSize}`, MEMORY_ROUND_TRIPS, marks));
  }
  if (chooseEngine('auto').kind === 'batch') {
    const relay = new SocketRelay('batch');
    const marks: number[] = [];
    await relay.run(WARM_UP_ROUND_TRIPS, PARTS, roundTrips, () => marks.push(allocatedBytes()));
    results.push(result('relay and batch sockets, version 1', roundTrips, marks));
  }
  return results;
}

function result(name: string, roundTripsPerPart: number, marks: readonly number[]): AllocationResult {
  const packetsPerPart = roundTripsPerPart * PACKETS_PER_ROUND_TRIP;
  const parts = marks.slice(1).map((mark, part) => mark - marks[part]);
  const perMillion = (bytes: number): number => Math.round((bytes / packetsPerPart) * 1_000_000);
  const total = parts.reduce((sum, bytes) => sum + bytes, 0);
  return {
    name,
    packets: packetsPerPart * PARTS,
    bytesPerMillionPackets: perMillion(total / PARTS),
    steadyBytesPerMillionPackets: perMillion(parts.toSorted((a, b) => a - b)[PARTS / 2]),
  };
}
