import { WayChooser } from '@lightspeed/choice';
import type { Decision, MatchRecord, OpenMatch } from '@lightspeed/choice';
import { parseIpv4 } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import type { MeasuringNode } from '../src/control/fleet-node.ts';
import { EvidenceWays } from '../src/evidence/evidence-ways.ts';
import type { MeasuredPair, MeasuredServer, WantedPairs } from '../src/evidence/shadow-prober.ts';

const NODE = 'a.example:4433';
const OTHER = 'b.example:4433';
const ip = (text: string) => (parseIpv4(text) ?? 0) >>> 0;
const node = (name: string, up = true): MeasuringNode => ({ name, up, used: name === NODE, rttMs: 10, link: {} as MeasuringNode['link'] });

/** A client on a clock of its own, whose servers answer after so many milliseconds by each way. */
class World {
  nowMs = 1_000_000;
  nodes = [node(NODE), node(OTHER)];
  ms: Record<string, number> = { direct: 60, [NODE]: 40, [OTHER]: 75 };
  /** Where each flow goes; undefined is the direct way. */
  readonly ways = new Map<number, string | undefined>();
  readonly moves: [id: number, way: string | undefined, isForced: boolean][] = [];
  readonly decisions: Decision[] = [];
  readonly harmed: OpenMatch[] = [];
  readonly records: MatchRecord[] = [];
  readonly chooser = new WayChooser({ nodes: [] });
  probes = 0;
  nodeMeasurements = 0;
  isSilent = false;
  /** What the kernel says of the flows that it carries. */
  kernelSilenceMs: number | undefined;
  kind: MeasuredServer['kind'] = 'icmp';
  /** When measurements are over that have begun. */
  answers = Promise.resolve();
  underWay = 0;
  #id = 0;
  readonly evidence = new EvidenceWays(
    this.chooser,
    {
      measure: async (server, wanted) => {
        this.underWay++;
        server.kind = this.kind;
        await this.answers;
        this.underWay--;
        return this.#measure(wanted);
      },
    },
    {
      nodes: () => this.nodes,
      measureNodes: () => this.nodeMeasurements++,
      kernelSilenceMs: () => Promise.resolve(this.kernelSilenceMs),
      gameOf: () => 'Quake',
      setFlowWay: (id, way, isForced) => {
        this.ways.set(id, way);
        this.moves.push([id, way, isForced]);
      },
      decided: (_match, decision) => this.decisions.push(decision),
      harmed: (match) => this.harmed.push(match),
      ended: (record) => this.records.push(record),
      dropped: () => undefined,
      measured: () => undefined,
    },
    () => this.nowMs,
  );

  #measure(wanted: readonly WantedPairs[]): MeasuredPair[] {
    if (this.isSilent) return [];
    return wanted.flatMap(({ node: { name }, count }) => {
      this.probes += count;
      const pair = { node: name, kind: 'icmp', directMs: this.ms.direct, nodeMs: this.ms[name], atMs: this.nowMs };
      return Array.from({ length: count }, () => pair);
    });
  }

  /** A flow to a server begins. @returns its id */
  async open(server: string, { isKernelDirect = false } = {}): Promise<number> {
    const id = ++this.#id;
    this.evidence.take({ type: 'flow-opened', id, serverIp: ip(server), serverPort: 27_015, sourceIp: 1, sourcePort: 2, isKernelDirect });
    await settled();
    return id;
  }

  async play(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.nowMs += 1_000;
      this.evidence.tick();
      await settled();
    }
  }

  close(id: number, idleMs = 0): void {
    this.evidence.take({ type: 'flow-closed', id, idleMs });
  }
}

/** Measurements that need no time are there after some turns. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

describe('a flow to a game server', () => {
  it('begins directly, moves by a burst before the answer, and stays until its end', async () => {
    const world = new World();
    const id = await world.open('198.51.100.7');
    expect(world.moves).toEqual([
      [id, undefined, false],
      [id, NODE, false],
    ]);
    expect(world.decisions.map(({ way, evidence }) => [way, evidence])).toEqual([
      ['direct', 'none'],
      [NODE, 'burst'],
    ]);
    world.evidence.take({ type: 'flow-answered', id });
    world.ms[NODE] = 90;
    await world.play(40);
    expect(world.moves).toHaveLength(2);
    expect(world.harmed).toHaveLength(1);
    world.close(id);
    expect(world.records).toMatchObject([{ game: 'Quake', isVetoed: true, decision: { way: NODE } }]);
    const next = await world.open('198.51.100.8');
    expect(world.ways.get(next)).toBeUndefined();
    expect(world.decisions.at(-1)).toMatchObject({ way: 'direct', reason: 'veto' });
  });

  it('that the kernel carries stays direct, and the next one goes by the node', async () => {
    const world = new World();
    const id = await world.open('198.51.100.7', { isKernelDirect: true });
    expect(world.moves).toEqual([[id, undefined, false]]);
    const next = await world.open('198.51.100.9');
    expect(world.ways.get(next)).toBe(NODE);
  });

  it('that the kernel carries is a match for as long as the kernel sees it, though the client has closed it', async () => {
    const world = new World();
    const id = await world.open('198.51.100.7', { isKernelDirect: true });
    await world.play(120);
    world.kernelSilenceMs = 20;
    world.close(id, 120_000);
    await world.play(60);
    expect(world.records).toEqual([]);
    world.kernelSilenceMs = 119_000;
    await world.play(1);
    expect(world.records).toEqual([]);
    world.kernelSilenceMs = 120_000;
    await world.play(1);
    expect(world.records).toMatchObject([{ decision: { way: 'direct' }, endMs: world.nowMs - 120_000 }]);
    expect(world.records[0].proofs[0].answered).toBeGreaterThan(90);
  });

  it('that the kernel carries is over when the client closes it, where nobody knows of its silence', async () => {
    const world = new World();
    const id = await world.open('198.51.100.7', { isKernelDirect: true });
    await world.play(30);
    world.close(id, 5_000);
    await world.play(1);
    expect(world.records).toMatchObject([{ endMs: world.nowMs - 5_000 }]);
  });

  it('goes the way of the other flows to its server, and is one match with them', async () => {
    const world = new World();
    const [first, second] = [await world.open('198.51.100.7'), await world.open('198.51.100.7')];
    expect(world.ways.get(second)).toBe(NODE);
    await world.play(20);
    world.close(first);
    expect(world.records).toEqual([]);
    world.close(second, 5_000);
    expect(world.records).toHaveLength(1);
    expect(world.records[0].endMs).toBe(world.nowMs - 5_000);
  });

  it('leaves a node that is gone, and goes by the node in use where none measures', async () => {
    const world = new World();
    const id = await world.open('198.51.100.7');
    world.evidence.take({ type: 'flow-answered', id });
    world.nodes = [node(NODE, false), node(OTHER)];
    await world.play(1);
    expect(world.moves.at(-1)).toEqual([id, undefined, true]);
    world.nodes = [];
    const next = await world.open('203.0.113.1');
    expect(world.ways.get(next)).toBe('node');
    expect(world.decisions.at(-1)?.reason).toBe('no-node');
  });
});

describe('measuring', () => {
  it('is one pair a second for each of the three matches that began last, and nodes take turns', async () => {
    const world = new World();
    world.ms = { direct: 40, [NODE]: 60, [OTHER]: 75 };
    for (const host of [1, 2, 3, 4, 5]) await world.open(`203.0.${host}.1`);
    world.probes = 0;
    await world.play(10);
    expect(world.probes).toBe(10 * 3);
  });

  it.each([
    ['does not wait for the lost probes of the last second, and never for more than those', 'icmp', 2],
    ['finds out once what answers', undefined, 1],
  ] as const)('%s', async (_what, kind, most) => {
    const world = new World();
    world.kind = kind;
    const late = Promise.withResolvers<undefined>();
    await world.open('203.0.113.1');
    world.answers = late.promise.then(() => undefined);
    await world.play(5);
    expect(world.underWay).toBe(most);
    late.resolve(undefined);
    await settled();
    expect(world.underWay).toBe(0);
    await world.play(1);
    expect(world.underWay).toBe(0);
  });

  it('has the ways to nodes measured each second of a match, and a few times before the first one', async () => {
    const world = new World();
    await world.play(20);
    expect(world.nodeMeasurements).toBe(5);
    const id = await world.open('203.0.113.1');
    await world.play(20);
    expect(world.nodeMeasurements).toBe(25);
    world.close(id);
    await world.play(20);
    expect(world.nodeMeasurements).toBe(25);
  });

  it('begins three bursts a second at most, whatever number of servers a program asks', async () => {
    const world = new World();
    for (let host = 1; host <= 50; host++) await world.open(`203.${host}.0.1`);
    expect(world.probes).toBe(3 * 2 * 10);
    await world.play(1);
    world.probes = 0;
    await world.open('203.99.0.1');
    expect(world.probes).toBe(2 * 10);
  });

  it('decides nothing where nothing answers, and a short question is no match', async () => {
    const world = new World();
    world.isSilent = true;
    const id = await world.open('203.0.113.1');
    await world.play(5);
    world.close(id);
    expect(world.ways.get(id)).toBeUndefined();
    expect(world.records).toEqual([]);
  });
});
