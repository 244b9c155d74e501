import { Session } from 'node:inspector';
import type { HeapProfiler } from 'node:inspector';
import { chooseEngine } from '@lightspeed/udp';
import { MemoryRelay } from './memory-relay.ts';
import { relayOnSockets } from './socket-relay.ts';

/** What one way of relaying has allocated on V8's heap after its warm-up. */
export interface AllocationResult {
  readonly path: string;
  readonly bytesPerPacket: number;
  /** The functions that have allocated most, with their bytes in this run. */
  readonly mostlyBy: string;
}

/** How many round trips are warmed up and then looked at, of each way. */
export interface AllocationPlan {
  readonly roundTrips: number;
  /** V8 compiles the path in steps, each of which allocates; a node does this before it opens its port. */
  readonly warmUpRoundTrips: number;
}

/** Ways of relaying without sockets. */
export const IN_MEMORY = {
  'relay, version 1': {},
  'relay, version 2, K=4': { groupSize: 4 },
  'relay, version 3': { tagged: true },
  'relay, version 1 with reports': { agreed: 'reports' },
  'relay, each packet carries a repeat': { agreed: 'repeats' },
} as const;

const PACKETS_PER_ROUND_TRIP = 4;
/** V8's sampling heap profiler counts what was collected again too. Even one small object for every thousandth packet is seen. */
const SAMPLING = { samplingInterval: 256, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };

/** Measures the relay's packet path, without and with real sockets. Each round trip is four packets: two in, two out. */
export async function measureAllocation({ roundTrips, warmUpRoundTrips }: AllocationPlan): Promise<AllocationResult[]> {
  const results: AllocationResult[] = [];
  const add = (path: string, allocated: readonly [string, number][]) => {
    const total = allocated.reduce((sum, [, bytes]) => sum + bytes, 0);
    const most = allocated.slice(0, 3).map(([name, bytes]) => `${name}: ${bytes}`);
    results.push({ path, bytesPerPacket: total / (roundTrips * PACKETS_PER_ROUND_TRIP), mostlyBy: most.join('; ') });
  };
  for (const [path, options] of Object.entries(IN_MEMORY)) {
    const relay = new MemoryRelay({ clients: 100, ...options });
    relay.roundTrips(warmUpRoundTrips);
    const stop = startSampling();
    relay.roundTrips(roundTrips);
    const allocated = stop();
    if (relay.dropped > 0) throw new Error(`${relay.dropped} datagrams were refused in a run that should refuse none`);
    add(path, allocated);
  }
  if (chooseEngine('auto').kind !== 'batch') return results;
  let stop: (() => [string, number][]) | undefined;
  await relayOnSockets(warmUpRoundTrips, roundTrips, () => {
    if (stop === undefined) stop = startSampling();
    else add('relay and batch sockets, version 1', stop());
  });
  return results;
}

/** @returns what ends it and gives bytes by function, the largest first; the profiler's own calls left out. */
function startSampling(): () => [name: string, bytes: number][] {
  const session = new Session();
  session.connect();
  session.post('HeapProfiler.startSampling', SAMPLING);
  return () => {
    const byFunction = new Map<string, number>();
    const add = ({ callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode): void => {
      const { functionName, url, lineNumber } = callFrame;
      const name = `${functionName || '(anonymous)'} ${url.slice(url.lastIndexOf('/') + 1)}:${lineNumber + 1}`;
      if (!url.startsWith('node:inspector')) byFunction.set(name, (byFunction.get(name) ?? 0) + selfSize);
      children.forEach(add);
    };
    session.post('HeapProfiler.stopSampling', (error, result) => {
      if (error !== null) throw new Error('the heap profiler has given no profile', { cause: error });
      add(result.profile.head);
    });
    session.disconnect();
    return [...byFunction].filter(([, bytes]) => bytes > 0).sort((a, b) => b[1] - a[1]);
  };
}
