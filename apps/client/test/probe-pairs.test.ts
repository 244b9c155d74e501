import { EventEmitter } from 'node:events';
import { PROBE_KIND_CODES, PROBE_LOST, PROBE_REFUSAL_CODES, probeOriginsExtension, probedRoutersExtension } from '@lightspeed/control';
import type { OutgoingMessage, ProbeResult } from '@lightspeed/control';
import { ProbeError } from '@lightspeed/probe';
import type { Measurement, ProbeKind, ProbeOptions, ProbeTarget } from '@lightspeed/probe';
import { parseIpv4 } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import type { NodeLinkEvents } from '../src/control/node-link-events.ts';
import { NodeProber } from '../src/probes/node-prober.ts';
import { PairProber } from '../src/probes/pair-prober.ts';
import { summarizePairs } from '../src/probes/pair-summary.ts';

type Asked = Extract<OutgoingMessage, { type: 'probe' }>;

const target = { ip: '9.9.9.9', port: 27_015 };
const burst = (ms: number) => Array.from({ length: 10 }, (_, at) => ms + at / 10);

/** A link with a node, 15 ms away, that answers as it is told. */
class Link extends EventEmitter<NodeLinkEvents> {
  readonly asked: Asked[] = [];
  roundTripMs: number | undefined = 15;
  isThere = true;
  /** What it answers; by default what is asked for, after 25 ms each. */
  answer: (asked: Asked) => Partial<ProbeResult> = ({ ip, count }) => ({
    origin: ip,
    samplesUs: Array.from({ length: count }, () => 25_000),
  });

  askProbe(asked: Asked): boolean {
    if (!this.isThere) return false;
    this.asked.push(asked);
    const { requestId } = asked;
    const nothing = { type: 'probe_result', requestId, refusal: 0, ageSecs: 0, origin: 0, samplesUs: [], extensions: [] } as const;
    queueMicrotask(() => this.emit('probed', { ...nothing, ...this.answer(asked) }));
    return true;
  }
}

/** A machine that is answered by some kinds, after so many milliseconds. */
function machine(answers: Partial<Record<ProbeKind, number>>, origin: string = target.ip) {
  return {
    probe: (to: ProbeTarget, kind: ProbeKind, { count = 1 }: ProbeOptions = {}): Promise<Measurement> => {
      const ms = answers[kind];
      const roundTripsMs = Array.from({ length: count }, () => ms);
      return Promise.resolve({
        kind,
        roundTripsMs,
        origin: ms === undefined ? undefined : kind === 'ttl' ? origin : to.ip,
        ttl: undefined,
      });
    },
  };
}

/** What was measured by routers in turn, after 60 ms each; undefined is a lost probe. */
function spread(origins: readonly (string | undefined)[]): Measurement {
  return {
    kind: 'ttl',
    roundTripsMs: origins.map((origin) => (origin === undefined ? undefined : 60)),
    origin: origins[0],
    origins,
    ttl: 3,
  };
}

describe('a pair', () => {
  it('is the same measurement from both ends', async () => {
    const link = new Link();
    using node = new NodeProber(link);

    const pair = await new PairProber(machine({ icmp: 60 })).pair(target, node, 'icmp', { count: 2, spacingMs: 5 });

    expect(link.asked).toEqual([
      expect.objectContaining({
        ip: parseIpv4(target.ip),
        port: 27_015,
        kind: PROBE_KIND_CODES.icmp,
        count: 2,
        spacingMs: 5,
        maxAgeSecs: 0,
      }),
    ]);
    expect(pair).toMatchObject({ directMs: [60, 60], nodeMs: [25, 25], toNodeMs: 15, comparable: 'same', refusal: undefined });
  });

  it.each(Object.entries(PROBE_REFUSAL_CODES))('says that the node refuses: %s', async (name, refusal) => {
    const link = new Link();
    link.answer = () => ({ refusal });
    using node = new NodeProber(link);
    const pair = await new PairProber(machine({ icmp: 60 })).pair(target, node, 'icmp');
    expect(pair).toMatchObject({ nodeMs: [], refusal: name, comparable: undefined });
  });

  it('says that the node is not there, or answers with what nobody knows', async () => {
    const link = new Link();
    using node = new NodeProber(link);
    const pairs = new PairProber(machine({ icmp: 60 }));
    link.answer = () => ({ refusal: 200 });
    expect(await pairs.pair(target, node, 'icmp')).toMatchObject({ refusal: 'unknown' });
    link.isThere = false;
    expect(await pairs.pair(target, node, 'icmp')).toMatchObject({ refusal: 'not_there' });
  });

  it('ignores results that it has not asked for, and is over when the node prober is', async () => {
    const link = new Link();
    link.answer = () => ({ requestId: 4_711, samplesUs: [1] });
    const node = new NodeProber(link);
    const asked = node.ask({ ...target, kind: 'icmp', count: 1, spacingMs: 0, maxAgeSecs: 0, routers: 1 });
    await new Promise((resolve) => link.once('probed', resolve));
    node[Symbol.dispose]();
    expect(await asked).toBe('not_there');
    expect(link.listenerCount('probed')).toBe(0);
  });

  it('has what this machine cannot do as an obstacle', async () => {
    const prober = { probe: () => Promise.reject(new ProbeError('ERR_PROBE_UNAVAILABLE', 'no ICMP echo: ask your administrator')) };
    using node = new NodeProber(new Link());
    const pair = await new PairProber(prober).pair(target, node, 'icmp');
    expect(pair).toMatchObject({ directMs: [], obstacle: 'no ICMP echo: ask your administrator', comparable: undefined });
  });

  it.each([
    ['the same router', '8.8.8.1', 'same'],
    ["a router's address in the same network", '8.8.8.9', 'near'],
    ['another router', '8.8.4.1', 'apart'],
    ['a router that the node does not name', '0.0.0.0', 'apart'],
  ])('by TTL with %s is %s, %s', async (_what, origin, comparable) => {
    const link = new Link();
    link.answer = () => ({ origin: parseIpv4(origin) ?? 0, samplesUs: [25_000] });
    using node = new NodeProber(link);
    const pair = await new PairProber(machine({ ttl: 60 }, '8.8.8.1')).pair(target, node, 'ttl');
    expect(pair.comparable).toBe(comparable);
  });
});

describe('pairs by TTL', () => {
  const [last, before, mine, theirs] = ['8.8.255.1', '8.8.254.1', '10.0.0.1', '10.9.0.1'];
  const numbers = (list: readonly string[]) => list.map((ip) => (parseIpv4(ip) ?? 0) >>> 0);

  it('are spread over routers, and only those count that both ends have sent to the same one', async () => {
    const link = new Link();
    const origins = [last, before, theirs, last];
    link.answer = ({ count }) => ({
      origin: numbers([last])[0],
      samplesUs: Array.from({ length: count }, () => 25_000),
      extensions: [probeOriginsExtension.encode(numbers(origins))],
    });
    using node = new NodeProber(link);
    const here = { probe: () => Promise.resolve(spread([last, before, mine, undefined])) };

    const pair = await new PairProber(here).pair(target, node, 'ttl', { count: 4 });

    expect(probedRoutersExtension.find(link.asked[0].extensions ?? [])).toBe(3);
    expect(pair).toMatchObject({
      comparable: 'same',
      directMs: [60, 60, undefined, undefined],
      nodeMs: [25, 25, undefined, undefined],
    });
  });

  it('of a node that measures the last router alone are those of that router', async () => {
    const link = new Link();
    link.answer = ({ count }) => ({ origin: numbers([last])[0], samplesUs: Array.from({ length: count }, () => 25_000) });
    using node = new NodeProber(link);
    const here = { probe: () => Promise.resolve(spread([last, before, mine, last])) };

    const pair = await new PairProber(here).pair(target, node, 'ttl', { count: 4 });

    expect(pair).toMatchObject({ comparable: 'same', directMs: [60, undefined, undefined, 60], nodeMs: [25, undefined, undefined, 25] });
  });

  it('to another router each are no evidence', async () => {
    const link = new Link();
    link.answer = () => ({ origin: numbers([theirs])[0], samplesUs: [25_000] });
    using node = new NodeProber(link);
    const pair = await new PairProber({ probe: () => Promise.resolve(spread([mine])) }).pair(target, node, 'ttl', { count: 1 });
    expect(pair).toMatchObject({ comparable: 'apart', directMs: [60], nodeMs: [25] });
  });
});

describe('the kind', () => {
  it('is the first one that answers both ends, and is remembered for the network', async () => {
    const link = new Link();
    using node = new NodeProber(link);
    link.answer = ({ kind, ip, count }) => ({
      origin: ip,
      samplesUs: Array.from({ length: count }, () => (kind === PROBE_KIND_CODES.icmp ? PROBE_LOST : 25_000)),
    });
    const pairs = new PairProber(machine({ icmp: 60, tcp: 60, a2s: 60 }));

    expect((await pairs.best(target, [node]))[0]).toMatchObject({ kind: 'tcp', nodeMs: Array.from({ length: 10 }, () => 25) });
    expect(link.asked.map(({ kind, count }) => [kind, count])).toEqual([
      [1, 2],
      [2, 2],
      [2, 8],
    ]);

    link.asked.length = 0;
    await pairs.best({ ip: '9.9.9.200', port: 27_016 }, [node]);
    expect(link.asked.map(({ kind }) => kind)).toEqual([2, 2]);
  });

  it('is none where the server answers to nothing, or the node measures nothing: that is told', async () => {
    const link = new Link();
    using node = new NodeProber(link);
    expect(await new PairProber(machine({})).best(target, [node])).toMatchObject([
      { kind: 'icmp', comparable: undefined, nodeMs: [25, 25] },
    ]);

    link.answer = () => ({ refusal: PROBE_REFUSAL_CODES.destination_denied });
    const [pair] = await new PairProber(machine({ tcp: 60 })).best(target, [node]);
    expect(pair).toMatchObject({ kind: 'tcp', comparable: undefined, directMs: [60, 60] });
    expect(summarizePairs([pair])).toMatchObject({ verdict: 'unknown', why: 'the node has measured nothing: destination denied' });
    expect(await new PairProber(machine({ tcp: 60 })).best(target, [])).toEqual([]);
  });
});

describe('the verdict', () => {
  const pairOf = (directMs: readonly number[], nodeMs: readonly number[], toNodeMs: number | undefined = 15) =>
    ({ kind: 'icmp', directMs, nodeMs, toNodeMs, refusal: undefined, obstacle: undefined, comparable: 'same', nodeAgeSecs: 0 }) as const;

  it.each([
    ['the node is better by much', pairOf(burst(60), burst(25)), 'node', 20],
    ['the node is better by less than 5 ms', pairOf(burst(40), burst(21)), 'direct', 4],
    ['the node is better by less than a tenth', pairOf(burst(200), burst(170)), 'direct', 15],
    ['the node is worse', pairOf(burst(40), burst(40)), 'direct', -15],
    ['the node is better, but less steady', pairOf(burst(60), [...burst(25).slice(0, 7), 90, 95, 99]), 'direct', 20],
    ['there are fewer than ten answers', pairOf(burst(60).slice(0, 9), burst(25).slice(0, 9)), 'unknown', 20],
    ['it is not known how far the node is', { ...pairOf(burst(60), burst(25)), toNodeMs: undefined }, 'unknown', undefined],
    ['both ends heard another router', { ...pairOf(burst(60), burst(25)), comparable: 'apart' as const }, 'unknown', 20],
  ])('if %s', (_what, pair, verdict, gainMs) => {
    const summary = summarizePairs([pair]);
    expect(summary.verdict).toBe(verdict);
    if (gainMs === undefined) expect(summary.gainMs).toBeUndefined();
    else expect(summary.gainMs).toBeCloseTo(gainMs);
  });
});
