import { expect, test } from 'vitest';
import { ShadowPace } from '../src/shadow-pace.ts';

const NODES = ['a', 'b', 'c'];
const START_MS = 1_000_000_000;

function turns(pace: ShadowPace, way: string, seconds: number, fromMs = START_MS): Record<string, number>[] {
  return Array.from({ length: seconds }, (_, second) =>
    Object.fromEntries(NODES.map((node) => [node, pace.pairs(node, NODES, way, fromMs + second * 1_000)])),
  );
}

function sumOf(counts: readonly Record<string, number>[], node: string): number {
  return counts.reduce((sum, count) => sum + count[node], 0);
}

test('while a match goes directly nodes take turns: one pair a second, however many nodes there are', () => {
  const seconds = turns(new ShadowPace(), 'direct', 30);
  for (const counts of seconds) expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(1);
  for (const node of NODES) expect(sumOf(seconds, node)).toBe(10);
});

test('a match by a node is proved each second, and the other nodes share one second of five', () => {
  const seconds = turns(new ShadowPace(), 'b', 60);
  expect(['a', 'b', 'c'].map((node) => sumOf(seconds, node))).toEqual([6, 60, 6]);
});

test('a way that is no node any more counts as the direct one', () => {
  const seconds = turns(new ShadowPace(), 'gone', 30);
  expect(['a', 'b', 'c'].map((node) => sumOf(seconds, node))).toEqual([10, 10, 10]);
});

test('losses of the direct way begin a series by all nodes, whichever node had its turn', () => {
  const pace = new ShadowPace();
  pace.add('a', true, false, START_MS);
  pace.add('b', true, false, START_MS + 30_000);
  expect(turns(pace, 'direct', 1, START_MS + 30_000)).toEqual([{ a: 10, b: 10, c: 10 }]);
});

test('a probe that the node lost too, and one of an earlier minute, begin none', () => {
  const pace = new ShadowPace();
  pace.add('a', true, true, START_MS);
  pace.add('a', true, false, START_MS + 1_000);
  pace.add('b', true, false, START_MS + 61_000);
  expect(turns(pace, 'direct', 1, START_MS + 61_000).flatMap((counts) => Object.values(counts))).not.toContain(10);
});

test('a series ends for a node after 600 pairs, or after 200 if the loss was chance, and none follows within ten minutes', () => {
  const pace = new ShadowPace();
  const lose = (atMs: number) => {
    pace.add('a', true, false, atMs);
    pace.add('a', true, false, atMs);
  };
  lose(START_MS);
  for (let pair = 0; pair < 600; pair++) pace.add('a', pair % 20 === 0, false, START_MS + 100 * pair);
  for (let pair = 0; pair < 200; pair++) pace.add('b', false, false, START_MS + 100 * pair);
  const atMs = START_MS + 60_000;
  expect(pace.pairs('a', NODES, 'direct', atMs)).toBeLessThan(10);
  expect(pace.pairs('b', NODES, 'direct', atMs)).toBeLessThan(10);
  expect(pace.pairs('c', NODES, 'direct', atMs)).toBe(10);
  expect(pace.pairs('c', NODES, 'direct', START_MS + 90_000)).toBeLessThan(10);
  lose(START_MS + 599_000);
  expect(pace.pairs('c', NODES, 'direct', START_MS + 599_000)).toBeLessThan(10);
  lose(START_MS + 600_000);
  expect(pace.pairs('c', NODES, 'direct', START_MS + 600_000)).toBe(10);
});
