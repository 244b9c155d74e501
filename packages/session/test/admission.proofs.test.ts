import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLAG_HANDSHAKE, TunnelHeader } from '@lightspeed/wire';
import { endpoint, textOf } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, proof, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

function registered() {
  const host = new RelayHost({ admission: 'registered' });
  const token = host.register({ sessionId: SESSION_ID, ip: CLIENT_IP, dialect: 'standard', secret: SECRET });
  return { host, token };
}

describe('a proof', () => {
  it('opens the session from any address, and moves it with each next one', () => {
    const { host, token } = registered();
    for (const [nonce, address] of ['203.0.113.5:1', '203.0.113.5:2', '192.0.2.9:3'].entries()) {
      const client = clientAt(host, address, token);
      client.sequence = nonce * 10;
      prove(client, token, BigInt(nonce));
      expect(client.answers().map(({ header, payload }) => [header.flags, header.token, payload.length])).toEqual([
        [FLAG_HANDSHAKE, token, 0],
      ]);
      client.data(address);
    }
    expect(host.takeToServers().map(({ bytes }) => textOf(bytes))).toHaveLength(3);
    expect([host.relay.sessionCount, host.count('pathsMoved')]).toEqual([1, 2]);
    // The addresses before are not bound any more.
    const before = clientAt(host, '203.0.113.5:1', token);
    before.data('x');
    expect(host.drops()).toEqual({ 'client:unknown_session': 1 });
  });

  it('opens a session in which numbers that were seen stay duplicates, however they rise', () => {
    const { host, token } = registered();
    const client = clientAt(host, '203.0.113.5:1', token);
    client.raw(proof(token, 1n));
    for (const times of [0, 1]) {
      for (let sequence = 1; sequence <= 300; sequence++) client.data(`${times}`, undefined, undefined, sequence);
      host.pass(1_000);
    }
    expect(host.takeToServers()).toHaveLength(300);
    expect(host.drops()).toEqual({ 'client:duplicate': 300 });
  });

  it('that was used before, made with another secret, or for another session reaches nothing', () => {
    const { host, token } = registered();
    const other = host.register({ sessionId: 78, ip: CLIENT_IP, dialect: 'standard', secret: SECRET.map((byte) => byte + 1) });
    const client = clientAt(host, '203.0.113.5:1', token);
    const good = proof(token, 5n);
    client.raw(good);
    client.answers();
    const thief = clientAt(host, '203.0.113.66:6', token);
    thief.raw(good);
    thief.raw(proof(token, 6n, { secret: new Uint8Array(16) }));
    thief.raw(proof(token, 6n, { sessionId: 79 }));
    thief.raw(proof(token, 6n, { sessionId: 78 }));
    thief.raw(proof(other, 6n, { sessionId: 78 }));
    thief.raw(proof(token, 6n, { path: 4 }));
    thief.raw(proof(token, 7n, { mode: 3 }));
    thief.data('x');
    expect([thief.answers(), host.takeToServers()]).toEqual([[], []]);
    expect(host.drops()).toEqual({
      'client:replayed_proof': 1,
      'client:bad_proof': 4,
      'client:not_admitted': 1,
      'client:bad_token': 1,
      'client:unknown_session': 1,
    });
    expect(host.relay.sessionCount).toBe(1);
  });

  it('is worthless once any of its bits was changed', () => {
    const { host, token } = registered();
    const packet = proof(token, 1n);
    fc.assert(
      fc.property(fc.nat(packet.length * 8 - 1), (bit) => {
        const altered = packet.slice();
        altered[bit >> 3] ^= 1 << (bit & 7);
        // Without its flag it is no proof at all, but then it opens nothing either.
        clientAt(host, '203.0.113.66:6', token).raw(altered);
        expect([host.relay.sessionCount, host.takeToClients()]).toEqual([0, []]);
      }),
      { numRuns: 300 },
    );
  });

  it('has no weight on a relay that cannot check it', () => {
    const { host, token } = registered();
    clientAt(host, '203.0.113.5:1', token).raw(proof(token, 1n, { secret: new Uint8Array(16) }));
    expect(host.drops()).toEqual({ 'client:bad_proof': 1 });
    host.unregister(SESSION_ID);
    prove(clientAt(host, '203.0.113.5:1', token), token, 2n);
    expect(host.drops()).toEqual({ 'client:bad_proof': 1, 'client:not_admitted': 1 });
  });

  it('adds paths with numbers of their own, four at most, and a FIN ends them all', () => {
    const { host, token } = registered();
    const clients = [0, 1, 2, 3].map((path) => {
      const client = clientAt(host, `203.0.113.${path}:1`, token);
      prove(client, token, BigInt(path), { path, mode: 1 });
      client.answers();
      return client;
    });
    expect([host.relay.sessionCount, host.count('pathsAdded')]).toEqual([1, 3]);
    clients[2].data('x', undefined, undefined, 50);
    clients[3].data('x', undefined, undefined, 50);
    expect(host.takeToServers()).toHaveLength(1);
    host.fromServer(0, new Uint8Array(5), endpoint('198.51.100.7:1').ip, 7777);
    expect(clients.map((client) => client.answers().length)).toEqual([1, 1, 1, 1]);
    clients[1].send(TunnelHeader.fin(60, 1));
    host.pass(1_500);
    expect(host.relay.sessionCount).toBe(0);
    for (const client of clients) client.data('x');
    expect(host.takeToServers()).toEqual([]);
  });

  it('gives a session the rates of its registration', () => {
    const host = new RelayHost({ admission: 'registered' });
    const token = host.register({
      sessionId: SESSION_ID,
      ip: CLIENT_IP,
      dialect: 'standard',
      secret: SECRET,
      maxPps: 5,
      maxBps: 10_000,
    });
    const client = clientAt(host, '203.0.113.5:1', token);
    prove(client, token, 1n);
    for (let i = 10; i < 20; i++) client.data('x', undefined, undefined, i);
    expect(host.takeToServers()).toHaveLength(4);
  });
});
