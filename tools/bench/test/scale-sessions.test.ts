import { expect, it } from 'vitest';
import { addressesOf, savedRegistrations, sessionsOf } from '../src/scale/sessions.ts';

const COUNTS = [12_500, 12_500, 12_500, 12_500];

it('no two of 50,000 sessions have the same id, or address and token, and all addresses are this machine', () => {
  const ids = new Set<number>();
  const seen = new Set<string>();
  for (const [process, count] of COUNTS.entries()) {
    const ips = addressesOf(process, count);
    for (const [client, { sessionId, token }] of sessionsOf(process, count).entries()) {
      const ip = ips[client % ips.length];
      if (ip >>> 24 !== 127 || token < 1 || token > 255) throw new Error(`${ip} with token ${token} cannot be registered`);
      ids.add(sessionId);
      seen.add(`${ip} ${token}`);
    }
  }
  expect([ids.size, seen.size, ids.has(0)]).toEqual([50_000, 50_000, false]);
});

it('a node is told of all of them, each with its address', () => {
  const { clients } = JSON.parse(savedRegistrations([130, 1])) as { clients: { address: string; token: number; secret: string }[] };

  expect(clients).toHaveLength(131);
  expect(new Set(clients.slice(0, 130).map(({ address }) => address)).size).toBe(3);
  expect(clients.every(({ secret }) => /^[0-9a-f]{32}$/.test(secret))).toBe(true);
});
