import { WayChooser } from '@lightspeed/choice';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EvidenceBook, MAX_PREFIXES } from '../src/evidence-book.ts';
import { MAX_REMEMBERED, MatchMemory } from '../src/match-memory.ts';
import { PairSeries } from '../src/pair-series.ts';
import { MAX_VETOES, VetoBook } from '../src/veto-book.ts';
import { MAX_PROVED_MATCHES } from '../src/way-chooser.ts';
import { NODE, START_MS, ipOf } from './support/matches.ts';

const DAY_MS = 86_400_000;
const server = { serverIp: ipOf('203.0.113.9'), serverPort: 27_015 };
const match = {
  game: '',
  provider: '203.0.0.0/16',
  node: NODE,
  endMs: START_MS,
  pairs: 60,
  directMs: 60,
  gainMs: 20,
  lowMs: 18,
  highMs: 22,
  p90GainMs: 19,
};

test('vetoes and matches come back as JSON', () => {
  const before = new WayChooser({ nodes: [NODE] });
  before.importState(
    { matches: [match, match], vetoes: [{ prefix: '198.51.100.0/24', node: NODE, untilMs: START_MS + DAY_MS }] },
    START_MS,
  );
  const after = new WayChooser({ nodes: [NODE] });

  const taken = after.importState(JSON.parse(JSON.stringify(before.exportState(START_MS))), START_MS);

  expect(taken).toEqual({ matches: 2, vetoes: 1, refused: 0 });
  expect(after.decide(server, START_MS)).toMatchObject({ way: NODE, reason: 'matches-faster' });
  expect(after.decide({ ...server, serverIp: ipOf('198.51.100.1') }, START_MS).reason).toBe('veto');
});

test('what is of the future, over, or of another form is refused', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  const veto = { prefix: '198.51.100.0/24', node: NODE, untilMs: START_MS + DAY_MS };
  const matches = [{ ...match, endMs: START_MS + 1 }, { ...match, endMs: START_MS - 8 * DAY_MS }, { ...match, gainMs: '20' }, null];
  const vetoes = [
    { ...veto, untilMs: START_MS - 1 },
    { ...veto, untilMs: START_MS + 8 * DAY_MS },
    { ...veto, prefix: 'everything' },
  ];

  expect(chooser.importState({ matches, vetoes }, START_MS)).toEqual({ matches: 0, vetoes: 0, refused: 7 });
});

test('no state makes it throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ matches: fc.anything(), vetoes: fc.array(fc.anything()) })), (state) => {
      const chooser = new WayChooser({ nodes: [NODE] });
      chooser.importState(state, START_MS);
      expect(chooser.decide(server, START_MS).way).toBe('direct');
    }),
  );
});

test('a veto can be lifted', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  chooser.vetoes.add({ prefix: '203.0.113.0/24', node: NODE, untilMs: START_MS + DAY_MS });
  expect(chooser.decide(server, START_MS).reason).toBe('veto');

  expect(chooser.vetoes.lift('203.0.113.0/24')).toBe(true);
  expect(chooser.decide(server, START_MS).reason).toBe('no-evidence');
});

test('of prefixes the one that is silent for longest gives way', () => {
  const book = new EvidenceBook();
  const add = (number: number) => book.add({ serverIp: number * 256, node: NODE, kind: 'icmp', directMs: 60, nodeMs: 40, atMs: START_MS });
  for (let number = 1; number <= MAX_PREFIXES; number++) add(number);
  add(1);
  add(1_000);

  expect(book.prefixCount).toBe(MAX_PREFIXES);
  expect(book.figuresFor(256, START_MS)).toHaveLength(1);
  expect(book.figuresFor(512, START_MS)).toEqual([]);
});

test('of one prefix eight series are kept', () => {
  const book = new EvidenceBook();
  for (let i = 0; i < 20; i++) {
    book.add({ serverIp: 256, node: `node-${i.toString()}`, kind: 'icmp', directMs: 60, nodeMs: 40, atMs: START_MS + i });
  }

  expect(book.figuresFor(256, START_MS + 20).map(({ node }) => node)).toEqual(
    [12, 13, 14, 15, 16, 17, 18, 19].map((i) => `node-${i.toString()}`),
  );
});

test('of vetoes the one that ends first gives way, of matches the oldest', () => {
  const vetoes = new VetoBook();
  for (let i = 0; i <= MAX_VETOES; i++) vetoes.add({ prefix: `${i.toString()}/24`, node: NODE, untilMs: START_MS + 1_000 - (i % 7) });
  const memory = new MatchMemory();
  for (let i = 0; i <= MAX_REMEMBERED; i++) memory.add({ ...match, endMs: START_MS + i });

  expect(vetoes.list(START_MS)).toHaveLength(MAX_VETOES);
  expect(vetoes.find('6/24', START_MS)).toBeUndefined();
  expect(memory.list(START_MS + 2_000)).toHaveLength(MAX_REMEMBERED);
  expect(memory.list(START_MS + 2_000).some(({ endMs }) => endMs === START_MS)).toBe(false);
});

test('with too many matches at once later ones are decided, and not proved', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  const matches = Array.from({ length: MAX_PROVED_MATCHES + 1 }, () => chooser.openMatch(server, START_MS));

  expect(matches.filter(({ isProved }) => isProved)).toHaveLength(MAX_PROVED_MATCHES);
  expect(chooser.shadowPairs(matches[MAX_PROVED_MATCHES], NODE, START_MS)).toBe(0);
  expect(chooser.closeMatch(matches[MAX_PROVED_MATCHES], START_MS)).toMatchObject({ proofs: [], savedMs: 0 });
});

test('a series keeps its newest pairs, as a list would', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.boolean()), { maxLength: 120 }),
      (limit, pairs) => {
        const series = new PairSeries(limit);
        let kept: number[] = [];
        for (const [atMs, [gain, isForgetting]] of pairs.entries()) {
          series.add(100, 100 - gain, atMs);
          kept = [...kept, gain].slice(-limit);
          if (!isForgetting) continue;
          series.forgetBefore(atMs - 5);
          kept = kept.slice(-6);
        }
        const sorted = kept.toSorted((a, b) => a - b);
        expect(series.pairs).toBe(kept.length);
        if (kept.length > 0) expect(series.figures().gainMs).toBe((sorted[(kept.length - 1) >> 1] + sorted[kept.length >> 1]) / 2);
      },
    ),
  );
});
