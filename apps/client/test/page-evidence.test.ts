import { WayChooser } from '@lightspeed/choice';
import { parseIpv4 } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { evidenceFacts } from '../src/cli/page-evidence.ts';
import type { EvidenceSource } from '../src/cli/page-evidence.ts';
import type { MeasuringNode } from '../src/control/fleet-node.ts';

const NODE = 'fra-1:4433';
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
}: Partial<Scene> = {}): ReturnType<typeof evidenceFacts> {
  const chooser = new WayChooser({ nodes: [NODE], always: always === undefined ? [] : [{ way: always }] });
  const pair = { node: NODE, kind: 'icmp', directMs, nodeMs, atMs: NOW_MS };
  if (isKnownBefore) for (let nth = 0; nth < 20; nth++) chooser.addPair({ ...pair, serverIp: server.serverIp });
  const match = chooser.openMatch(server, NOW_MS);
  for (let nth = 0; nth < pairs; nth++) chooser.addShadowPair(match, pair);
  const nowMs = NOW_MS + LATER_MS;
  for (let nth = 0; nth < laterPairs; nth++) chooser.addShadowPair(match, { ...pair, nodeMs: laterNodeMs, atMs: nowMs });
  const source: EvidenceSource = {
    ways: {
      latest: () => [
        { match, figures: chooser.figuresFor(server.serverIp, nowMs), recent: chooser.figuresFor(server.serverIp, nowMs, RECENT_MS) },
      ],
    },
    kept: [],
    nodes: () => [{ name: NODE, used: true, up: true, rttMs: 12, link: {} as MeasuringNode['link'] }],
    counts: chooser.counts,
  };
  return evidenceFacts(source, NODE, nowMs + 3_000);
}

interface Scene {
  readonly directMs: number;
  readonly nodeMs: number;
  readonly pairs: number;
  readonly isKnownBefore: boolean;
  readonly always: 'direct' | 'node';
  /** What was measured three minutes after that. */
  readonly laterNodeMs: number;
  readonly laterPairs: number;
}

describe('the page’s verdict', () => {
  it('is of what is measured: saves, harms, would save, direct, or not known yet', () => {
    expect(factsOf({ isKnownBefore: true }).verdict).toMatchObject({ kind: 'saves', way: NODE, gainMs: 20, pairs: 40 });
    expect(factsOf().verdict).toMatchObject({ kind: 'would-save', way: 'direct', node: NODE, gainMs: 20 });
    expect(factsOf({ nodeMs: 75 }).verdict).toMatchObject({ kind: 'direct', way: 'direct', gainMs: -15 });
    expect(factsOf({ pairs: 4 }).verdict).toMatchObject({ kind: 'unknown', pairs: 4, neededPairs: 10 });
    expect(factsOf({ always: 'node', nodeMs: 75 }).verdict).toMatchObject({ kind: 'harms', way: NODE, gainMs: -15 });
    expect(factsOf({ always: 'direct' }).verdict).toMatchObject({ kind: 'direct', way: 'direct', gainMs: 20 });
  });

  it('is of the last minute, if that is enough, whatever was before', () => {
    const scene = { isKnownBefore: true, pairs: 180, laterNodeMs: 90 };
    const later = factsOf({ ...scene, laterPairs: 10 });
    expect(later.verdict).toMatchObject({ kind: 'harms', gainMs: -30, pairs: 10 });
    expect(later.ways?.at(-1)?.parts).toMatchObject([{ ms: 12 }, { ms: 78 }]);
    expect(factsOf({ ...scene, laterPairs: 9 }).verdict).toMatchObject({ kind: 'saves', gainMs: 20 });
  });
});

it('the page shows the pieces of both ways, flows with their reasons, and by what they were decided', () => {
  const facts = factsOf({ isKnownBefore: true });
  expect(facts.ways).toEqual([
    { way: 'direct', parts: [{ kind: 'route', name: 'to the server', ms: 60 }] },
    {
      way: NODE,
      parts: [
        { kind: 'route', name: 'to the node', ms: 12 },
        { kind: 'route', name: 'from the node to the server', ms: 28 },
      ],
    },
  ]);
  expect(facts.flows).toMatchObject([
    {
      server: '203.0.113.9:27015',
      game: 'Quake',
      way: NODE,
      reason: 'probes show that the node is faster',
      evidence: 'probes',
      evidenceAgeS: 183,
    },
  ]);
  expect(facts.matrix).toEqual({
    servers: ['203.0.113.9:27015'],
    rows: [
      { way: 'direct', medianMs: [60] },
      { way: NODE, medianMs: [40] },
    ],
  });
  expect(facts.decisions).toEqual([{ by: 'probes from before the match', direct: 0, node: 1 }]);
  expect(facts.seenAs).toBeUndefined();
  expect(factsOf().seenAs).toBe('your own address, since this goes directly');
});
