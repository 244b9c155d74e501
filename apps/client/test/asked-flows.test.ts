import { FecMemory } from '@lightspeed/fec';
import type { DatagramEngine } from '@lightspeed/udp';
import { beforeEach, describe, expect, it } from 'vitest';
import { Flow } from '../src/ingress/ingress.ts';
import { LOCAL_COUNTERS_BYTES, LocalDrop, localCountersIn } from '../src/ingress/local-counters.ts';
import { AskedFlows } from '../src/way/asked-flows.ts';
import type { FlowMessage } from '../src/way/flow-messages.ts';
import { WAY_ASKED, WAY_DIRECT, WAY_NODE_IN_USE } from '../src/way/way-policy.ts';

const MEMORY_BYTES = 1 << 20;
const DATAGRAM = 64;
let clockMs = 0;
let posted: FlowMessage[] = [];
let carried: number[] = [];
let isKernelDirect = false;
let left = 0;
const counters = localCountersIn(new ArrayBuffer(LOCAL_COUNTERS_BYTES));
const memory = new FecMemory(new Uint8Array(MEMORY_BYTES), 65_536, MEMORY_BYTES - 65_536);

function askedFlows(isDecided = true): AskedFlows {
  const engine = {
    tickWithin: () => undefined,
    get clockMs() {
      return clockMs;
    },
  } as unknown as DatagramEngine;
  return new AskedFlows({
    engine,
    counters,
    memory,
    isDecided,
    post: (message) => posted.push(message),
    isKernelDirect: () => isKernelDirect,
    resume: (_flow, _offset, length) => carried.push(length),
    leave: () => left++,
  });
}

function flowOf(asked: AskedFlows): Flow {
  const flow = new Flow(0, 1, 1, 0x0909_0909, 27_015);
  flow.way = WAY_ASKED;
  asked.opened(flow);
  return flow;
}

beforeEach(() => {
  [clockMs, posted, carried, isKernelDirect, left] = [0, [], [], false, 0];
  counters.drops.fill(0);
});

describe('a flow whose way the main thread says', () => {
  it('is told of, and its datagrams wait in their order', () => {
    const asked = askedFlows();
    const flow = flowOf(asked);
    expect(posted).toEqual([
      { type: 'flow-opened', id: 1, serverIp: 0x0909_0909, serverPort: 27_015, sourceIp: 1, sourcePort: 1, isKernelDirect: false },
    ]);
    for (const length of [10, 20, 30]) asked.hold(flow, DATAGRAM, length);
    expect(carried).toEqual([]);
    asked.setWay(1, 2, false);
    expect(flow.way).toBe(2);
    expect(carried).toEqual([10, 20, 30]);
    asked.sent();
  });

  it('goes directly if nobody says it within 200 ms', () => {
    const asked = askedFlows();
    const flow = flowOf(asked);
    asked.hold(flow, DATAGRAM, 10);
    asked.tick((clockMs = 199));
    expect(flow.way).toBe(WAY_ASKED);
    asked.tick((clockMs = 200));
    expect(flow.way).toBe(WAY_DIRECT);
    expect(carried).toEqual([10]);
    asked.sent();
  });

  it('holds eight datagrams, and counts the others', () => {
    const asked = askedFlows();
    const flow = flowOf(asked);
    for (let nth = 0; nth < 10; nth++) asked.hold(flow, DATAGRAM, 10);
    expect(counters.drops[LocalDrop.wayWaiting]).toBe(2);
    asked.closed(flow);
    asked.sent();
    expect(posted.at(-1)).toEqual({ type: 'flow-closed', id: 1, idleMs: 0 });
    asked.setWay(1, 2, false);
    expect(carried).toEqual([]);
  });

  it('moves before the first answer only, or if its way is dead', () => {
    const asked = askedFlows();
    const flow = flowOf(asked);
    asked.setWay(1, WAY_DIRECT, false);
    asked.setWay(1, 0, false);
    expect([flow.way, left]).toEqual([0, 1]);
    flow.isAnswered = true;
    asked.answered(flow);
    expect(posted.at(-1)).toEqual({ type: 'flow-answered', id: 1 });
    asked.setWay(1, WAY_DIRECT, false);
    expect(flow.way).toBe(0);
    asked.setWay(1, WAY_DIRECT, true);
    expect(flow.way).toBe(WAY_DIRECT);
  });

  it('that goes the way of another one is not told of any more, and nobody moves it', () => {
    const asked = askedFlows();
    const flow = flowOf(asked);
    asked.follow(flow, 3);
    expect(posted.at(-1)).toEqual({ type: 'flow-closed', id: 1, idleMs: 0 });
    asked.setWay(1, WAY_DIRECT, true);
    expect(flow.way).toBe(3);
    asked.closed(flow);
    expect(posted).toHaveLength(2);
  });

  it('does not come back from the kernel', () => {
    isKernelDirect = true;
    const asked = askedFlows();
    const flow = flowOf(asked);
    asked.setWay(1, WAY_DIRECT, false);
    asked.setWay(1, 0, true);
    expect(flow.way).toBe(WAY_DIRECT);
  });

  it('goes by the node in use where the main thread only hears of it', () => {
    const flow = flowOf(askedFlows(false));
    expect(flow.way).toBe(WAY_NODE_IN_USE);
    expect(posted).toHaveLength(1);
  });
});
