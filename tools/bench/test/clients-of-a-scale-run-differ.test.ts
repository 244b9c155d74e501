import { expect, it } from 'vitest';
import { SESSIONS_PER_ADDRESS, SESSIONS_PER_SERVER, clientIp, serverIp, serverOf, tokenOf } from '../src/scale/addresses.ts';

const SESSIONS = 50_000;

it('no two of 50,000 sessions have the same address and token, and all addresses are this machine', () => {
  const seen = new Set<string>();
  for (let session = 0; session < SESSIONS; session++) {
    const [ip, token] = [clientIp(session), tokenOf(session)];
    if (ip >>> 24 !== 127 || token < 1 || token > 255) throw new Error(`${ip} with token ${token} cannot be registered`);
    seen.add(`${ip} ${token}`);
  }
  expect(seen.size).toBe(SESSIONS);
  expect(clientIp(SESSIONS_PER_ADDRESS - 1)).toBe(clientIp(0));
});

it('a game server has a thousand players, and its address is none of a client', () => {
  const perServer = new Map<number, number>();
  const clients = new Set<number>();
  for (let session = 0; session < SESSIONS; session++) {
    perServer.set(serverOf(session), (perServer.get(serverOf(session)) ?? 0) + 1);
    clients.add(clientIp(session));
  }
  expect([...perServer.values()].every((players) => players === SESSIONS_PER_SERVER)).toBe(true);
  expect([...perServer.keys()].some((server) => clients.has(serverIp(server)))).toBe(false);
});
