import { WayChooser } from '@lightspeed/choice';
import type { ChooserOptions, GameServer } from '@lightspeed/choice';
import { expect, test } from 'vitest';
import { NODE, OTHER_NODE, START_MS, ipOf } from './support/matches.ts';

const MINUTE_MS = 60_000;
const server: GameServer = { serverIp: ipOf('203.0.113.9'), serverPort: 27_015, game: 'CS2' };
const chooserOf = (options: Partial<ChooserOptions> = {}) => new WayChooser({ nodes: [NODE, OTHER_NODE], ...options });

function addPairs(chooser: WayChooser, nodeMs: number, change: { count?: number; node?: string; kind?: string; atMs?: number } = {}): void {
  const { count = 10, node = NODE, kind = 'icmp', atMs = START_MS } = change;
  for (let i = 0; i < count; i++) chooser.addPair({ serverIp: server.serverIp, node, kind, directMs: 60, nodeMs, atMs });
}

test('without evidence it is direct, and a burst is asked for', () => {
  const expected = { way: 'direct', reason: 'no-evidence', evidence: 'none', pairs: 0, wantsBurst: true };

  expect(chooserOf().decide(server, START_MS)).toEqual(expected);
  expect(chooserOf({ nodes: [] }).decide(server, START_MS)).toMatchObject({ way: 'direct', reason: 'no-node', wantsBurst: false });
});

test('pairs of one kind decide for their /24, with figures and age', () => {
  const chooser = chooserOf();
  addPairs(chooser, 40);

  expect(chooser.decide({ ...server, serverIp: ipOf('203.0.113.200') }, START_MS + 5_000)).toEqual({
    way: NODE,
    reason: 'faster',
    evidence: 'probes',
    node: NODE,
    gainMs: 20,
    intervalMs: [20, 20],
    pairs: 10,
    ageMs: 5_000,
    wantsBurst: false,
  });
  expect(chooser.decide({ ...server, serverIp: ipOf('203.0.114.9') }, START_MS).way).toBe('direct');
});

test('two kinds of probes are never mixed', () => {
  const chooser = chooserOf();
  addPairs(chooser, 40, { count: 9, kind: 'icmp' });
  addPairs(chooser, 40, { count: 9, kind: 'tcp' });

  expect(chooser.decide(server, START_MS).reason).toBe('no-evidence');
});

test('evidence is forgotten after ten minutes', () => {
  const chooser = chooserOf();
  addPairs(chooser, 40);

  expect(chooser.decide(server, START_MS + 10 * MINUTE_MS).way).toBe(NODE);
  expect(chooser.decide(server, START_MS + 10 * MINUTE_MS + 1)).toMatchObject({ way: 'direct', reason: 'no-evidence' });
});

test('where no node is better, the figures of the best one are told', () => {
  const chooser = chooserOf();
  addPairs(chooser, 70);
  addPairs(chooser, 58, { node: OTHER_NODE });

  expect(chooser.decide(server, START_MS)).toMatchObject({
    way: 'direct',
    reason: 'not-better',
    node: OTHER_NODE,
    gainMs: 2,
    wantsBurst: false,
  });
});

test.each(['anycast', 'sdr', 'stun', 'beacon'] as const)('what is %s goes direct whatever is measured', (reason) => {
  const chooser = chooserOf({ never: [{ prefix: '203.0.113.0/24', reason }] });
  const seen = chooserOf();
  addPairs(chooser, 40);
  addPairs(seen, 40);

  expect(chooser.decide(server, START_MS)).toMatchObject({ way: 'direct', reason, wantsBurst: false });
  expect(seen.decide({ ...server, never: reason }, START_MS)).toMatchObject({ way: 'direct', reason });
});

test('rules of the player come first, by game and by prefix, in their order', () => {
  const chooser = chooserOf({
    always: [
      { way: 'direct', game: 'cs2', prefix: '203.0.113.0/28' },
      { way: OTHER_NODE, game: 'CS2' },
      { way: 'node', prefix: '198.51.100.0/24' },
    ],
    never: [{ reason: 'anycast' }],
  });
  const to = (address: string, game: string) => chooser.decide({ serverIp: ipOf(address), serverPort: 1, game }, START_MS);

  expect(to('203.0.113.9', 'CS2')).toMatchObject({ way: 'direct', reason: 'always', evidence: 'always' });
  expect(to('203.0.113.99', 'CS2')).toMatchObject({ way: OTHER_NODE, reason: 'always' });
  expect(to('198.51.100.1', 'Rust')).toMatchObject({ way: NODE, reason: 'always' });
  expect(to('203.0.113.9', 'Rust')).toMatchObject({ way: 'direct', reason: 'anycast' });
});

test('a rule for any node takes the best one that is known', () => {
  const chooser = chooserOf({ always: [{ way: 'node' }] });
  addPairs(chooser, 90);
  addPairs(chooser, 80, { node: OTHER_NODE });

  expect(chooser.decide(server, START_MS).way).toBe(OTHER_NODE);
  chooser.setNodes([]);
  expect(chooser.decide(server, START_MS)).toMatchObject({ way: 'direct', reason: 'no-node' });
});

test('pairs of unknown nodes, and impossible ones, are refused and counted', () => {
  const chooser = chooserOf();
  const pair = { serverIp: server.serverIp, node: NODE, kind: 'icmp', directMs: 60, nodeMs: 40, atMs: START_MS };

  expect(chooser.addPair(pair)).toBe(true);
  for (const fault of [{ node: 'x' }, { directMs: -1 }, { nodeMs: NaN }, { nodeMs: Infinity }, { atMs: NaN }]) {
    expect(chooser.addPair({ ...pair, ...fault })).toBe(false);
  }
  expect(chooser.refusedPairs).toBe(5);
});

test.each([
  [{ nodes: ['direct'] }, 'ERR_CHOICE_NODES', 'got the node "direct"'],
  [{ nodes: [NODE, NODE] }, 'ERR_CHOICE_NODES', 'allowed are different names'],
  [{ always: [{ way: 'x' }] }, 'ERR_CHOICE_WAY', `got the way "x"; allowed are direct, node, ${NODE}`],
  [{ never: [{ reason: 'sdr', prefix: '10.0.0.1/8' }] }, 'ERR_CHOICE_PREFIX', 'got the prefix "10.0.0.1/8"'],
  [{ providers: ['10.0.0.0/33'] }, 'ERR_CHOICE_PREFIX', 'allowed is A.B.C.D/BITS'],
] as const)('misuse is told: %j', (options, code, message) => {
  expect(() => chooserOf(options)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) as string }));
});
