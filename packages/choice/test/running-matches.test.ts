import { WayChooser } from '@lightspeed/choice';
import type { OpenMatch } from '@lightspeed/choice';
import { Random } from '@lightspeed/netem';
import { expect, test } from 'vitest';
import { NODE, OTHER_NODE, START_MS, ipOf, playMatch } from './support/matches.ts';

const DAY_MS = 86_400_000;
const server = { serverIp: ipOf('203.0.113.9'), serverPort: 27_015, game: 'CS2' };

function burst(chooser: WayChooser, match: OpenMatch, nodeMs: number, node = NODE): void {
  for (let i = 0; i < 10; i++) chooser.addShadowPair(match, { node, kind: 'ttl', directMs: 60, nodeMs, atMs: match.startMs + 25 * i });
}

/** Shadow pairs of so many seconds, one a second. @returns the seconds in which harm was found. */
function shadow(chooser: WayChooser, match: OpenMatch, from: number, to: number, nodeMs: number | null): number[] {
  const found: number[] = [];
  for (let second = from; second < to; second++) {
    const pair = { node: NODE, kind: 'icmp', directMs: 60, nodeMs, atMs: match.startMs + second * 1_000 };
    if (chooser.addShadowPair(match, pair)) found.push(second);
  }
  return found;
}

/** Two proved matches in other prefixes of the provider, so that the third goes by the node. */
function rememberTwo(chooser: WayChooser): void {
  for (const [at, address] of ['203.0.1.1', '203.0.2.1'].entries()) {
    const match = chooser.openMatch({ ...server, serverIp: ipOf(address) }, START_MS - DAY_MS + at);
    chooser.handleAnswer(match);
    shadow(chooser, match, 0, 60, 40);
    chooser.closeMatch(match, START_MS - DAY_MS + 60_000);
  }
}

test('a burst moves the flow before the first answer, and not behind it', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  const early = chooser.openMatch(server, START_MS);
  burst(chooser, early, 40);
  expect(chooser.reconsider(early, START_MS + 300)).toMatchObject({ way: NODE, reason: 'faster', evidence: 'burst' });
  expect(early.decision.way).toBe(NODE);

  const late = new WayChooser({ nodes: [NODE] });
  const match = late.openMatch(server, START_MS);
  late.handleAnswer(match);
  burst(late, match, 40);
  expect(late.reconsider(match, START_MS + 300)).toBeUndefined();
  expect(match.decision.way).toBe('direct');
});

test('a burst that finds nothing keeps the flow direct, and is what has decided', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  const match = chooser.openMatch(server, START_MS);
  burst(chooser, match, 59);

  expect(chooser.reconsider(match, START_MS + 300)).toBeUndefined();
  expect(match.decision).toMatchObject({ way: 'direct', reason: 'not-better', evidence: 'burst' });
  expect(chooser.counts).toMatchObject({ none: { direct: 0 }, burst: { direct: 1, node: 0 } });
});

test('the third match goes by the node on the word of two, unless its own burst contradicts', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  rememberTwo(chooser);
  const third = chooser.openMatch(server, START_MS);
  expect(third.decision).toMatchObject({ way: NODE, reason: 'matches-faster', evidence: 'matches', pairs: 2, gainMs: 20 });

  burst(chooser, third, 61);
  expect(chooser.reconsider(third, START_MS + 300)).toMatchObject({ way: 'direct', reason: 'contradicted', evidence: 'burst' });
  expect(chooser.decide(server, START_MS + 1_000)).toMatchObject({ way: 'direct', reason: 'contradicted', evidence: 'probes' });
});

test('matches of another game, of another provider, or older than seven days say nothing', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  rememberTwo(chooser);
  const way = (change: object, nowMs = START_MS) => chooser.decide({ ...server, ...change }, nowMs).way;

  expect(way({})).toBe(NODE);
  expect(way({ game: 'cs2' })).toBe(NODE);
  expect(way({ game: 'Rust' })).toBe('direct');
  expect(way({ serverIp: ipOf('203.1.113.9') })).toBe('direct');
  expect(way({}, START_MS + 6 * DAY_MS + 60_000)).toBe('direct');
});

test('a known prefix is a provider, however long or short', () => {
  const wide = new WayChooser({ nodes: [NODE], providers: ['203.0.0.0/12'] });
  const narrow = new WayChooser({ nodes: [NODE], providers: ['203.0.0.0/12', '203.0.113.0/25'] });
  for (const chooser of [wide, narrow]) rememberTwo(chooser);

  expect(wide.decide({ ...server, serverIp: ipOf('203.15.0.1') }, START_MS).way).toBe(NODE);
  expect(narrow.decide(server, START_MS).way).toBe('direct');
});

test('one match without a sign is enough to disagree, and two slower ones spare the burst', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  rememberTwo(chooser);
  playMatch(chooser, new Random(1), {
    server: '203.0.3.1',
    startMs: START_MS - 3_600_000,
    seconds: 60,
    ways: { direct: { baseMs: 60 }, [NODE]: { baseMs: 60 } },
  });
  expect(chooser.decide(server, START_MS).reason).toBe('no-evidence');

  const slow = new WayChooser({ nodes: [NODE] });
  for (const address of ['203.0.1.1', '203.0.2.1']) {
    playMatch(slow, new Random(2), {
      server: address,
      startMs: START_MS - 3_600_000,
      seconds: 60,
      ways: { direct: { baseMs: 60 }, [NODE]: { baseMs: 80 } },
    });
  }
  expect(slow.decide(server, START_MS)).toMatchObject({ way: 'direct', reason: 'matches-slower', evidence: 'matches', wantsBurst: false });
});

test.each([
  ['slower', 80],
  ['silent', null],
])('a node that is %s in two windows in a row is a veto for seven days, and the match stays', (_what, nodeMs) => {
  const chooser = new WayChooser({ nodes: [NODE] });
  rememberTwo(chooser);
  const match = chooser.openMatch(server, START_MS);
  chooser.handleAnswer(match);

  expect(shadow(chooser, match, 0, 30, 40)).toEqual([]);
  expect(shadow(chooser, match, 30, 60, nodeMs)).toEqual([50]);
  expect(match).toMatchObject({ isHarmed: true, decision: { way: NODE } });
  expect(chooser.closeMatch(match, START_MS + 60_000)).toMatchObject({ isVetoed: true });
  const untilMs = START_MS + 50_000 + 7 * DAY_MS;
  expect(chooser.decide(server, untilMs - 1)).toMatchObject({ way: 'direct', reason: 'veto', node: NODE, wantsBurst: false });
  expect(chooser.decide(server, untilMs).reason).not.toBe('veto');
});

test('bad windows that do not follow each other are none', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  rememberTwo(chooser);
  const match = chooser.openMatch(server, START_MS);

  const found = [0, 10, 20, 30, 40, 50].flatMap((from) => shadow(chooser, match, from, from + 10, from % 20 === 0 ? 80 : 40));

  expect(found).toEqual([]);
  expect(chooser.closeMatch(match, START_MS + 70_000).isVetoed).toBe(false);
});

test('only a dead way moves a flow that was answered, and no rule is broken by it', () => {
  const chooser = new WayChooser({ nodes: [NODE, OTHER_NODE], never: [{ reason: 'sdr', game: 'Dota 2' }] });
  const match = chooser.openMatch(server, START_MS);
  chooser.handleAnswer(match);

  expect(chooser.handleDeadWay(match, START_MS + 1_000)).toMatchObject({ way: NODE, reason: 'way-dead' });
  expect(chooser.handleDeadWay(match, START_MS + 2_000)).toMatchObject({ way: 'direct', reason: 'way-dead' });
  expect(chooser.handleDeadWay(chooser.openMatch({ ...server, game: 'Dota 2' }, START_MS), START_MS)).toBeUndefined();
});

test('a match is closed once', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  const match = chooser.openMatch(server, START_MS);
  chooser.closeMatch(match, START_MS + 1_000);

  expect(() => chooser.closeMatch(match, START_MS + 2_000)).toThrow(expect.objectContaining({ code: 'ERR_CHOICE_CLOSED' }));
  expect(chooser.openMatchCount).toBe(0);
});
