import { expect, it } from 'vitest';
import { NewServer, NewServers } from '../src/ingress/transparent/new-servers.ts';

const GAME = 0x0a00_0002;

it('one socket has half of what a node takes of new servers, and a second one of the rest', () => {
  const servers = new NewServers();
  const admitted = (port: number) =>
    Array.from({ length: 12 }, () => servers.admit(GAME, port, 0)).filter((one) => one === NewServer.byNode);
  expect(admitted(1)).toHaveLength(5);
  expect(admitted(2)).toHaveLength(3);
  expect(admitted(3)).toHaveLength(1);
  expect(admitted(4)).toHaveLength(1);
  expect(admitted(5)).toHaveLength(0);
});

it('a window is over after ten seconds and some', () => {
  const servers = new NewServers();
  for (let server = 0; server < 5; server++) servers.admit(GAME, 1, 0x7fff_ffff);
  expect(servers.admit(GAME, 1, (0x7fff_ffff + 10_000) | 0)).toBe(NewServer.direct);
  expect(servers.admit(GAME, 1, (0x7fff_ffff + 10_500) | 0)).toBe(NewServer.byNode);
});

it('a socket that speaks with more than 50 new servers within ten seconds is no game’s', () => {
  const servers = new NewServers();
  const kinds = Array.from({ length: 52 }, () => servers.admit(GAME, 1, 5));
  expect(kinds.slice(5, 50).every((kind) => kind === NewServer.direct)).toBe(true);
  expect(kinds.slice(50)).toEqual([NewServer.ofBurst, NewServer.ofBurst]);
  expect(servers.admit(GAME, 1, 10_005)).not.toBe(NewServer.ofBurst);
});
