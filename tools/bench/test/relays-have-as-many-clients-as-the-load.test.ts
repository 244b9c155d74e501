import { expect, test } from 'vitest';
import { FULL_MACRO, QUICK_MACRO, groupsOf } from '../src/macro/plan.ts';
import { PEERS } from '../src/peers/catalogue.ts';
import { peersFor } from '../src/peers/present-peers.ts';

const LOAD = { ratePps: 1_000, grainUs: 0, burst: 1, rounds: 1, warmUpMs: 0, measureMs: 10 };
const SEARCH = { firstPps: 1, lowestPps: 1, highestPps: 2, steps: 1, grainUs: 0, burst: 1, warmUpMs: 0, measureMs: 10 };

test.each([
  ['a whole', FULL_MACRO],
  ['a quick', QUICK_MACRO],
])('every load of %s run is in the one group of its number of clients, in order', (_name, plan) => {
  const groups = groupsOf(plan);

  for (const { clients, loads } of groups) expect(loads).toEqual(plan.loads.filter((load) => load.clients === clients));
  expect(groups.flatMap(({ loads }) => loads)).toHaveLength(plan.loads.length);
  expect(new Set(groups.map(({ clients }) => clients)).size).toBe(groups.length);
});

test('the search is in the group with its number of clients, and in a group of its own where there is none', () => {
  const loads = [
    { ...LOAD, clients: 3 },
    { ...LOAD, clients: 1 },
    { ...LOAD, clients: 3, ratePps: 9 },
  ];

  const among = groupsOf({ loads, search: { ...SEARCH, clients: 1 } });
  expect(among.map(({ clients, search }) => [clients, search !== undefined])).toEqual([
    [3, false],
    [1, true],
  ]);
  const alone = groupsOf({ loads, search: { ...SEARCH, clients: 7 } });
  expect(alone.map(({ clients, loads: { length }, search }) => [clients, length, search !== undefined])).toEqual([
    [3, 2, false],
    [1, 1, false],
    [7, 0, true],
  ]);
});

test('peers take part only with as many clients as they can serve', () => {
  const names = (clients: number) => peersFor(clients, PEERS).map(({ name }) => name);

  expect(names(1)).toContain('socat');
  expect(names(2)).not.toContain('socat');
  expect(names(1)).not.toContain('nginx, 2 workers');
  expect(names(2)).toContain('nginx, 2 workers');
  expect(names(1_000)).toEqual(expect.arrayContaining(['C', 'nginx', 'coturn']));
});
