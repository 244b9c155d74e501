import type { FecMemory } from '@lightspeed/fec';
import { describe, expect, it } from 'vitest';
import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import type { TunnelStats } from '@lightspeed/client';
import { LocalNews } from '../src/cli/local-news.ts';
import { Flow } from '../src/ingress/ingress.ts';
import { LOCAL_COUNTERS_BYTES, LocalCounter, LocalDrop, localCountersIn } from '../src/ingress/local-counters.ts';
import { FlowTable } from '../src/tunnel/flow-table.ts';
import { LocalSide } from '../src/tunnel/local-side.ts';
import { DirectWay } from '../src/way/direct-way.ts';
import { RulePolicy } from '../src/way/way-policy.ts';

const SERVER_IP = 0x0a00_0001;
const FORWARD = 0;
const ASSOCIATION = 1;

/** A table of three flows, of which an association may have two. */
class Table {
  readonly closed: number[] = [];
  nowMs = -5_000;
  readonly #table = new FlowTable(3, 1, {
    mayOpen: (ingress, flows) => ingress !== ASSOCIATION || flows < 2,
    flowOpened: (flow) => {
      flow.lastActivityMs = this.nowMs;
    },
    flowGivesWay: ({ sourcePort }) => this.closed.push(sourcePort),
    flowClosed: () => undefined,
    serverGivenUp: () => undefined,
  });

  send(port: number, ingress = FORWARD): boolean {
    const flow = this.#table.flowFor(ingress, 1, port, SERVER_IP, 1, this.nowMs);
    if (flow !== null) flow.lastActivityMs = this.nowMs;
    return flow !== null;
  }
}

describe('a client that has all the flows it may have', () => {
  it('closes the one that is silent for longest for a new one, and none that is in use', () => {
    const table = new Table();
    for (const port of [1, 2, 3]) expect(table.send(port)).toBe(true);
    table.nowMs += 10_000;
    expect([table.send(1), table.send(4)]).toEqual([true, false]);
    table.nowMs += 19_999;
    expect([table.send(2), table.send(4)]).toEqual([true, false]);
    table.nowMs += 1;
    expect([table.send(4), table.send(5)]).toEqual([true, false]);
    expect(table.closed).toEqual([3]);
    table.nowMs += 10_000;
    expect([table.send(5), table.send(6)]).toEqual([true, false]);
    expect(table.closed).toEqual([3, 1]);
  });

  it('closes one of the same association where that has all it may have', () => {
    const table = new Table();
    table.send(1);
    table.nowMs += 1_000;
    table.send(2, ASSOCIATION);
    table.send(3, ASSOCIATION);
    expect(table.send(4, ASSOCIATION)).toBe(false);
    table.nowMs += 30_000;
    expect(table.send(3, ASSOCIATION)).toBe(true);
    expect(table.send(4, ASSOCIATION)).toBe(true);
    expect(table.closed).toEqual([2]);
    expect(table.send(5)).toBe(true);
    expect(table.closed).toEqual([2, 1]);
  });

  it('goes on for hours with a program that asks each question from another port', () => {
    const table = new Table();
    for (let port = 1; port <= 1_000; port++) {
      expect(table.send(port)).toBe(true);
      table.nowMs = (table.nowMs + 11_000) | 0;
    }
    expect(table.closed).toHaveLength(997);
  });
});

describe('a flow on which nothing is said', () => {
  it('ends after as long as was asked for, and is carried on by a new one', () => {
    const counters = localCountersIn(new ArrayBuffer(LOCAL_COUNTERS_BYTES));
    const engine = { clockMs: 0 };
    const local = new LocalSide({
      engine: engine as unknown as DatagramEngine,
      counters,
      policy: new RulePolicy([]),
      memory: {} as FecMemory,
      isDecided: false,
      flowTimeoutMs: 200_000,
      seed: 1,
      tagFor: () => 0,
      post: () => undefined,
    });
    const ingress = { maxFlows: 9, onDatagrams: () => undefined, deliver: () => undefined };
    const number = local.addIngress(ingress);
    const flow = local.flowFor(number, 1, 1, SERVER_IP, 1);
    for (engine.clockMs = 1_000; engine.clockMs < 200_000; engine.clockMs += 1_000) local.tick(engine.clockMs);
    expect(flow?.isOpen).toBe(true);
    local.tick(engine.clockMs);
    expect(flow?.isOpen).toBe(false);
    expect(local.flowFor(number, 1, 1, SERVER_IP, 1)?.isOpen).toBe(true);
  });
});

describe('the direct way', () => {
  function directWay(mostSockets = Infinity) {
    const counters = localCountersIn(new ArrayBuffer(LOCAL_COUNTERS_BYTES));
    const sent: number[] = [];
    let open = 0;
    let nextId = 3;
    const engine = {
      clockMs: 0,
      openNow: (): DatagramSocket | undefined => {
        if (open >= mostSockets) return undefined;
        open++;
        return { id: nextId++, close: () => open-- } as unknown as DatagramSocket;
      },
      send: (socket: DatagramSocket) => sent.push(socket.id),
    };
    const host = { engine: engine as unknown as DatagramEngine, counters, deliver: () => undefined, tagFor: () => 0 };
    const way = new DirectWay(host);
    const flows = Array.from({ length: 300 }, (_, port) => new Flow(FORWARD, 1, port, SERVER_IP, 1));
    const carry = (index: number) => {
      flows[index].lastActivityMs = engine.clockMs;
      way.carry(flows[index], 0, 1);
    };
    return { engine, carry, sent, counters, flows };
  }

  it.each([
    ['there are 256 direct flows', Infinity, 256],
    ['the system has no more sockets', 10, 10],
  ])('takes the socket of the flow that is silent for longest where %s', (_, mostSockets, most) => {
    const { engine, carry, sent, counters, flows } = directWay(mostSockets);
    for (let index = 0; index < most; index++) carry(index);
    carry(most);
    expect(counters.drops[LocalDrop.directFlowLimit]).toBe(1);
    engine.clockMs = 30_000;
    carry(0);
    carry(most);
    expect(counters.drops[LocalDrop.directFlowLimit]).toBe(1);
    expect(counters.values[LocalCounter.flowsGaveWay]).toBe(1);
    expect(counters.values[LocalCounter.directFlows]).toBe(most);
    expect([flows[0].directSocket, flows[1].directSocket, flows[most].directSocket]).toEqual([expect.anything(), null, expect.anything()]);
    // The flow whose socket was taken gets another one when it speaks again.
    carry(1);
    expect(sent).toHaveLength(most + 3);
  });
});

describe('news of flows', () => {
  function stats(flowsGaveWay: number, flowLimit: number): TunnelStats {
    return { flowsGaveWay, counters: { oversizeFlows: 0 }, localDrops: { flow_limit: flowLimit } } as unknown as TunnelStats;
  }

  it('say what gave way and what was refused, once a minute at most', () => {
    const news = new LocalNews();
    expect(news.sample(stats(0, 0), 0)).toEqual([]);
    expect(news.sample(stats(2, 1), 1_000)).toMatchObject([{ event: 'flows', fields: { gaveWay: 2, refused: 1 } }]);
    for (let second = 2; second <= 60; second++) expect(news.sample(stats(second, 1), second * 1_000)).toEqual([]);
    const [{ text, fields }] = news.sample(stats(61, 9), 61_000);
    expect(fields).toEqual({ gaveWay: 59, refused: 8 });
    expect(text).toContain('59 flows that were silent gave way to new ones, and 8 datagrams were dropped');
    expect(news.sample(stats(61, 9), 500_000)).toEqual([]);
  });
});
