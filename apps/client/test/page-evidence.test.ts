import { WayChooser } from '@lightspeed/choice';
import { parseIpv4 } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { evidenceFacts } from '../src/cli/page-evidence.ts';
import type { EvidenceSource } from '../src/cli/page-evidence.ts';
import type { MeasuringNode } from '../src/control/fleet-node.ts';
import { NodeNames } from '../src/page/node-names.ts';

const NODE = '192.0.2.10:4433';
const NOW_MS = 1_000_000;
const LATER_MS = 180_000;
const RECENT_MS = 60_000;
const server = { serverIp: parseIpv4('203.0.113.9') ?? 0, serverPort: 27_015, game: 'Quake' };

/** What the page says of a match in which so many pairs were measured. */
function factsOf({
  directMs = 60,
  nodeMs = 40,
  pairs = 20,
  isKnownBefore = false,
  always,
  laterNodeMs = nodeMs,
  laterPairs = 0,
  isDecided = true,
  lastedMs = 3_000,
}: Partial<Scene> = {}): ReturnType<typeof evidenceFacts> {
  const chooser = new WayChooser({ nodes: [NODE], always: always === undefined ? [] : [{ way: always }] });
  const pair = { node: NODE, kind: 'icmp', directMs, nodeMs, atMs: NOW_MS };
  if (isKnownBefore) for (let nth = 0; nth < 20; nth++) chooser.addPair({ ...pair, serverIp: server.serverIp });
  const match = chooser.openMatch(server, NOW_MS);
  for (let nth = 0; nth < pairs; nth++) chooser.addShadowPair(match, pair);
  const nowMs = NOW_MS + LATER_MS;
  for (let nth = 0; nth < laterPairs; nth++) chooser.addShadowPair(match, { ...pair, nodeMs: laterNodeMs, atMs: nowMs });
  const source: EvidenceSource = {
    isDecided,
    ways: {
      latest: () => [
        { match, figures: chooser.figuresFor(server.serverIp, nowMs), recent: () => chooser.figuresFor(server.serverIp, nowMs, RECENT_MS) },
      ],
    },
    kept: [],
    nodes: () => [{ name: NODE, used: true, up: true, rttMs: 12, link: {} as MeasuringNode['link'] }],
    counts: chooser.counts,
  };
  return evidenceFacts(source, CONTEXT, (laterPairs > 0 ? nowMs : NOW_MS) + lastedMs);
}

const CONTEXT: Parameters<typeof evidenceFacts>[1] = {
  way: NODE,
  names: new NodeNames([{ name: NODE, nodeId: 'fra-1' }]),
  regionOf: (way) => (way === NODE ? 'Frankfurt' : null),
  loss: { up: null, down: null },
  routersTo: () => ({ routers: [{ ttl: 1, ip: '192.168.1.1', roundTripMs: 2 }], serverTtl: undefined, obstacle: undefined }),
};

interface Scene {
  readonly directMs: number;
  readonly nodeMs: number;
  readonly pairs: number;
  readonly isKnownBefore: boolean;
  readonly always: 'direct' | 'node';
  /** What was measured three minutes after that. */
  readonly laterNodeMs: number;
  readonly laterPairs: number;
  readonly isDecided: boolean;
  readonly lastedMs: number;
}

describe('the page’s verdict', () => {
  it('is of what is measured: saves, harms, would save, direct, or not known yet', () => {
    expect(factsOf({ isKnownBefore: true }).verdict).toMatchObject({ kind: 'saves', way: 'fra-1', gainMs: 20, pairs: 40 });
    expect(factsOf().verdict).toMatchObject({ kind: 'would-save', way: 'direct', node: 'fra-1', gainMs: 20 });
    expect(factsOf({ nodeMs: 75 }).verdict).toMatchObject({ kind: 'direct', way: 'direct', gainMs: -15 });
    expect(factsOf({ pairs: 4 }).verdict).toMatchObject({ kind: 'unknown', pairs: 4, neededPairs: 10 });
    expect(factsOf({ always: 'node', nodeMs: 75 }).verdict).toMatchObject({
      kind: 'harms',
      way: 'fra-1',
      gainMs: -15,
      because: 'a rule of yours says so',
    });
    expect(factsOf({ always: 'direct' }).verdict).toMatchObject({ kind: 'direct', way: 'direct', gainMs: 20 });
  });

  it('is of the last minute, if that is enough, whatever was before', () => {
    const scene = { isKnownBefore: true, pairs: 180, laterNodeMs: 90 };
    const later = factsOf({ ...scene, laterPairs: 10 });
    expect(later.verdict).toMatchObject({ kind: 'harms', gainMs: -30, pairs: 10 });
    expect(later.ways?.at(-1)?.parts.reduce((sum, { ms }) => sum + ms, 0)).toBe(90);
    expect(factsOf({ ...scene, laterPairs: 9 }).verdict).toMatchObject({ kind: 'saves', gainMs: 20 });
  });
});

it('the page shows the pieces of both ways, flows with their reasons, and by what they were decided', () => {
  const facts = factsOf({ isKnownBefore: true });
  expect(facts.ways).toEqual([
    {
      way: 'direct',
      parts: [
        { kind: 'home', name: 'your home', ms: 2 },
        { kind: 'route', name: 'to the server', ms: 58 },
      ],
    },
    {
      way: 'fra-1',
      parts: [
        { kind: 'home', name: 'your home', ms: 2 },
        { kind: 'route', name: 'to the node', ms: 10 },
        { kind: 'route', name: 'from the node to the server', ms: 28 },
      ],
    },
  ]);
  expect(facts.waysNote).toContain('your internet provider');
  expect(facts.lossCompared).toMatchObject({ node: 'fra-1', probes: 40, direct: 0, nodeBefore: null });
  expect(facts.flows).toMatchObject([
    {
      server: '203.0.113.9:27015',
      game: 'Quake',
      way: 'fra-1',
      region: 'Frankfurt',
      reason: 'probes show that the node is faster',
      evidence: 'measurements before the match',
      evidenceAgeS: 3,
    },
  ]);
  expect(facts.matrix).toEqual({
    servers: ['203.0.113.9:27015'],
    rows: [
      { way: 'direct', medianMs: [60] },
      { way: 'fra-1', medianMs: [40] },
    ],
  });
  expect(facts.decisions).toEqual([{ by: 'measurements before the match', direct: 0, node: 1 }]);
});

it('the page says of nodes that measure nothing that flows go by the one in use, and are not compared', () => {
  const chooser = new WayChooser({ nodes: [], always: [{ way: 'node' }] });
  const match = chooser.openMatch(server, NOW_MS);
  const ways = { latest: () => [{ match, figures: [], recent: () => [] }] };
  const facts = evidenceFacts({ isDecided: true, ways, kept: [], nodes: () => [], counts: chooser.counts }, CONTEXT, NOW_MS);
  expect(facts.verdict).toMatchObject({ kind: 'unmeasured', way: 'fra-1' });
  expect(facts.flows).toMatchObject([{ way: 'fra-1', reason: 'no node measures game servers, so there is nothing to compare' }]);
});

it('the page says that play has chosen the node, and not a rule of the player', () => {
  const facts = factsOf({ always: 'node', isDecided: false });
  expect(facts.verdict).toMatchObject({ kind: 'saves', because: 'lightspeed play sends everything by the node' });
  expect(facts.flows).toMatchObject([{ reason: 'lightspeed play sends everything by the node', evidence: 'the command' }]);
  expect(facts.decisions).toEqual([]);
});

it('the page says after half a minute that a server is silent', () => {
  expect(factsOf({ pairs: 0 }).verdict?.kind).toBe('unknown');
  expect(factsOf({ pairs: 0, lastedMs: 30_000 }).verdict).toMatchObject({
    kind: 'unmeasured',
    because: 'this server answers no probes, so there is nothing to compare',
  });
});
