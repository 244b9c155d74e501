import { describe, expect, it } from 'vitest';
import { OWN_CLAIM, limitsBytes } from '@lightspeed/session';
import type { SessionClaims } from '@lightspeed/session';
import { parseEndpoint } from '@lightspeed/wire';
import { LstpClient } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, clientAt, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const OPTIONS = { admission: 'registered' as const, maxPpsPerClient: 100, maxDestinationsPerWindow: 5, maxClients: 100 };
const HOME = '203.0.113.5:1';

function server(number: number) {
  return parseEndpoint(`198.51.100.${number % 250}:${7_000 + (number >> 3)}`) ?? { ip: 0, port: 0 };
}

/** Two relays of one port, whose registrations have places in common memory. */
function relays() {
  const limitsMemory = new SharedArrayBuffer(limitsBytes(7));
  const fresh = new Set([0, 1, 2]);
  const claims: SessionClaims = {
    claim: () => OWN_CLAIM,
    release: () => undefined,
    noteProof: () => undefined,
    isProved: () => false,
    wantTags: () => undefined,
    wantsTags: () => false,
    noteTags: () => undefined,
    isTagged: () => false,
    takeFresh: ({ index = -1 }) => fresh.delete(index),
  };
  return [0, 1].map(() => new RelayHost(OPTIONS, 64, claims, limitsMemory));
}

/** Registers, opens a session, sends what it may and more, and ends it all. @returns what came through. */
function spend(
  host: RelayHost,
  sessionId: number,
  index: number,
  packets: number,
  firstServer: number,
): { packets: number; servers: number } {
  const token = host.register({ sessionId, index, ip: CLIENT_IP, dialect: 'standard', secret: SECRET });
  const client = clientAt(host, HOME, token);
  prove(client, token, 1n, { sessionId });
  client.sequence = 10;
  for (let i = 0; i < packets; i++) client.data('x', server(firstServer + (i % 20)));
  const through = host.takeToServers();
  host.unregister(sessionId);
  host.takeToClients();
  return { packets: through.length, servers: new Set(through.map(({ ip, port }) => `${ip}:${port}`)).size };
}

describe('what the limits count for a registration', () => {
  it('outlives its session: nobody gets rid of it by a FIN and a new proof', () => {
    const host = new RelayHost(OPTIONS, 64);
    const token = host.register({ sessionId: 1, ip: CLIENT_IP, dialect: 'standard', secret: SECRET });
    const client = clientAt(host, HOME, token);
    let nonce = 1n;
    let through = 0;
    const servers = new Set<string>();
    for (let round = 0; round < 200; round++) {
      prove(client, token, nonce++, { sessionId: 1, sequence: round });
      client.sequence = (1_000 * round + 10) & 0x7fff;
      for (let i = 0; i < 30; i++) client.data('x', server(30 * round + i));
      for (const { ip, port } of host.takeToServers()) {
        through++;
        servers.add(`${ip}:${port}`);
      }
      host.relay.shutdown();
      host.flush();
      host.takeToClients();
      host.pass(5, 5);
    }
    expect(host.count('sessionsOpened')).toBeGreaterThan(1);
    // One second of it at once, and a second's worth more; 5 new servers in the first 10 s.
    expect(through).toBeLessThanOrEqual(200);
    expect(servers.size).toBeLessThanOrEqual(5);
  });

  it('goes on with the next registration that has its place, at any relay of the port', () => {
    const [a, b] = relays();
    expect(spend(a, 1, 0, 150, 0)).toEqual({ packets: 25, servers: 5 });
    const after = spend(b, 2, 0, 150, 100);
    expect(after).toEqual({ packets: 0, servers: 0 });
    expect(b.drops()).toMatchObject({ 'client:rate_packets': expect.any(Number) as number });
    expect(spend(b, 4, 1, 150, 300).servers).toBe(5);
  });

  it('earns the ban that belongs to several sessions together', () => {
    const [a, b] = relays();
    let id = 1;
    for (let window = 0; window < 3; window++) {
      for (const host of [a, b]) {
        spend(host, id++, 0, 20, 20 * id);
        a.nowMs = b.nowMs = host.nowMs + 5_000;
      }
    }
    expect([...a.misusedSessions, ...b.misusedSessions].length).toBeGreaterThan(0);
  });
});

describe('what the limits count for an address without a registration', () => {
  it('outlives its session, for IPv4 addresses and for the /64 of IPv6 ones', () => {
    for (const addresses of [
      ['203.0.113.9:1', '203.0.113.9:2'],
      ['[2001:db8::1]:1', '[2001:db8::2]:1'],
    ]) {
      const host = new RelayHost({ ...OPTIONS, admission: 'open', maxPpsPerClient: 10_000 }, 64);
      const servers = new Set<string>();
      for (let round = 0; round < 40; round++) {
        const client = new LstpClient(host, host.endpoint(addresses[round % 2])).open();
        for (let i = 0; i < 20; i++) client.data('x', server(20 * round + i));
        for (const { ip, port } of host.takeToServers()) servers.add(`${ip}:${port}`);
        host.relay.shutdown();
        host.flush();
        host.takeToClients();
      }
      expect(host.count('sessionsOpened')).toBe(40);
      expect(servers.size).toBe(5);
    }
  });

  it('is counted by itself for each of several sessions at once', () => {
    const host = new RelayHost({ ...OPTIONS, admission: 'open' }, 64);
    const clients = [1, 2, 3].map((port) => new LstpClient(host, `203.0.113.9:${port}`).open());
    clients.forEach((client, number) => {
      for (let i = 0; i < 20; i++) client.data('x', server(20 * number + i));
    });
    expect(host.takeToServers()).toHaveLength(15);
  });
});
