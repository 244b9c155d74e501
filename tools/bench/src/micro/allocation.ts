import { Session } from 'node:inspector';
import type { HeapProfiler } from 'node:inspector';
import { chooseEngine } from '@lightspeed/udp';
import { MemoryRelay } from './memory-relay.ts';
import { SocketRelay } from './socket-relay.ts';

/** What one way of relaying has allocated on V8's heap after its warm-up. */
export interface AllocationResult {
  readonly path: string;
  readonly bytesPerPacket: number;
  /** The functions that have allocated most, with their bytes in this run. */
  readonly mostlyBy: string;
}

/** How many round trips are warmed up and then looked at. */
export interface AllocationPlan {
  /** So many are looked at, of each way. */
  readonly roundTrips: number;
  /** V8 compiles the path in steps, each of which allocates; a node does this before it opens its port. */
  readonly warmUpRoundTrips: number;
}

const PACKETS_PER_ROUND_TRIP = 4;
/** One sample each so many bytes on average: even one small object for every thousandth packet is seen. */
const SAMPLING_INTERVAL_BYTES = 256;

/** V8's sampling heap profiler, told to count what was collected again too. */
class AllocationSampler {
  readonly #session = new Session();

  start(): void {
    this.#session.connect();
    this.#session.post('HeapProfiler.startSampling', {
      samplingInterval: SAMPLING_INTERVAL_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
  }

  /** @returns bytes by function, the largest first; the profiler's own calls left out. */
  stop(): [name: string, bytes: number][] {
    const byFunction = new Map<string, number>();
    const add = (node: HeapProfiler.SamplingHeapProfileNode): void => {
      const { functionName, url, lineNumber } = node.callFrame;
      if (!url.startsWith('node:inspector')) {
        const name = `${functionName || '(anonymous)'} ${url.slice(url.lastIndexOf('/') + 1)}:${lineNumber + 1}`;
        byFunction.set(name, (byFunction.get(name) ?? 0) + node.selfSize);
      }
      node.children.forEach(add);
    };
    this.#session.post('HeapProfiler.stopSampling', (error, result) => {
      if (error !== null) throw new Error('the heap profiler has given no profile', { cause: error });
      add(result.profile.head);
    });
    this.#session.disconnect();
    return [...byFunction].filter(([, bytes]) => bytes > 0).sort((a, b) => b[1] - a[1]);
  }
}

/** Measures the relay's packet path, without and with real sockets. Each round trip is four packets: two in, two out. */
export async function measureAllocation({ roundTrips, warmUpRoundTrips }: AllocationPlan): Promise<AllocationResult[]> {
  const results: AllocationResult[] = [];
  for (const groupSize of [0, 4]) {
    const relay = new MemoryRelay({ clients: 100, groupSize });
    relay.roundTrips(warmUpRoundTrips);
    const sampler = new AllocationSampler();
    sampler.start();
    relay.roundTrips(roundTrips);
    const allocated = sampler.stop();
    if (relay.dropped > 0) throw new Error(`${relay.dropped} datagrams were refused in a run that should refuse none`);
    results.push(resultOf(groupSize === 0 ? 'relay, version 1' : `relay, version 2, K=${groupSize}`, roundTrips, allocated));
  }
  if (chooseEngine('auto').kind === 'batch') {
    const relay = new SocketRelay('batch');
    const sampler = new AllocationSampler();
    let allocated: [string, number][] = [];
    let started = false;
    await relay.run(warmUpRoundTrips, 1, roundTrips, () => {
      if (started) allocated = sampler.stop();
      else sampler.start();
      started = true;
    });
    results.push(resultOf('relay and batch sockets, version 1', roundTrips, allocated));
  }
  return results;
}

function resultOf(path: string, roundTrips: number, allocated: readonly [string, number][]): AllocationResult {
  const total = allocated.reduce((sum, [, bytes]) => sum + bytes, 0);
  const most = allocated.slice(0, 3).map(([function_, bytes]) => `${function_}: ${bytes}`);
  return { path, bytesPerPacket: total / (roundTrips * PACKETS_PER_ROUND_TRIP), mostlyBy: most.join('; ') };
}
