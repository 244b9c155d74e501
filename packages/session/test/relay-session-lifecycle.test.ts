import { describe, expect, it } from 'vitest';
import { FLAG_FIN, TunnelHeader } from '@lightspeed/wire';
import { LstpClient, OTHER_SERVER, SERVER, bytesOf, textOf } from './support/lstp-client.ts';
import { RelayHost } from './support/relay-host.ts';

describe('a session', () => {
  it('lives as long as anything comes from either side, however long ago it was opened', () => {
    const host = new RelayHost({ flowTimeoutMs: 1_000_000 });
    const up = new LstpClient(host, '203.0.113.5:1').open();
    up.send(TunnelHeader.keepalive(0, 1));
    const down = new LstpClient(host, '203.0.113.5:2').open();
    down.data('x');
    const [{ egress } = { egress: -1 }] = host.takeToServers();
    for (let minute = 0; minute < 20; minute++) {
      host.pass(60_000, 5_000);
      up.send(TunnelHeader.keepalive(minute, 1));
      if (minute < 4) host.fromServer(egress, bytesOf('x'), SERVER.ip, SERVER.port);
    }
    // The other one heard nothing for a while after its server had fallen silent.
    expect(host.relay.sessionCount).toBe(1);
    expect(host.count('sessionsExpired')).toBe(1);
    up.data('still here');
    expect(host.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['still here']);
  });

  it('ends after 300 seconds without a packet, and gives back everything it held', () => {
    const host = new RelayHost();
    const free = host.memory.available;
    const clients = Array.from({ length: 50 }, (_, i) => new LstpClient(host, `203.0.113.5:${i + 1}`).open());
    for (const client of clients) {
      client.fecData(0, 0, 4, 'x');
      client.data('y', OTHER_SERVER);
    }
    for (const { egress, ip, port } of host.takeToServers()) host.fromServer(egress, bytesOf('re'), ip, port);
    host.pass(299_000, 500);
    expect(host.relay.sessionCount).toBe(50);
    host.pass(2_000, 500);
    expect([host.relay.sessionCount, host.relay.flowCount, host.openEgressSockets.size]).toEqual([0, 0, 0]);
    expect(host.memory.available).toBe(free);
    expect(host.count('sessionsExpired')).toBe(50);
    expect([host.count('sessions'), host.count('flows'), host.count('egressSockets')]).toEqual([0, 0, 0]);
  });

  it('ends after ten seconds if its client has not shown that it got the acknowledgement', () => {
    const host = new RelayHost({ maxClients: 20 });
    for (let i = 0; i < 20; i++) new LstpClient(host, `198.51.100.${i}:1`).send(TunnelHeader.handshake(0, 1));
    const player = new LstpClient(host);
    player.send(TunnelHeader.handshake(0, 1));
    expect(host.drops()).toEqual({ 'client:session_limit': 1 });
    host.pass(11_000);
    player.open().send(TunnelHeader.keepalive(1, 1));
    host.pass(60_000, 500);
    expect(host.relay.sessionCount).toBe(1);
  });

  it('goes on over hours of clock, across the wrap of its milliseconds', () => {
    const host = new RelayHost();
    host.nowMs = 2 ** 31 - 100_000;
    const client = new LstpClient(host).open();
    client.send(TunnelHeader.keepalive(0, 1));
    for (let i = 0; i < 10; i++) {
      host.pass(30_000, 1_000);
      client.data(`${i}`);
    }
    expect(host.takeToServers()).toHaveLength(10);
    host.pass(301_000, 1_000);
    expect(host.relay.sessionCount).toBe(0);
  });

  it('takes up after a silence in which its sequence went more than half around', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('before', SERVER, undefined, 10);
    host.pass(30_000, 1_000);
    for (let i = 0; i < 10; i++) client.data(`${i}`, SERVER, undefined, 10 + 40_000 + i);
    expect(host.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['before', '7', '8', '9']);
    expect(host.drops()).toEqual({ 'client:too_old': 7 });
  });

  it('loses single flows that fell silent, and keeps those that are in use', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('x', SERVER);
    for (let i = 0; i < 31; i++) {
      client.data('y', OTHER_SERVER);
      host.pass(10_000, 1_000);
    }
    expect(host.relay.flowCount).toBe(1);
    host.takeToServers();
    client.data('back', SERVER);
    expect(host.takeToServers()).toHaveLength(1);
  });
});

describe('a relay for registered clients', () => {
  const registration = (sessionId: number, ip = 0xcb007105) => ({ sessionId, ip, dialect: 'standard' as const });

  it('lets nobody in who is not registered', () => {
    const host = new RelayHost({ admission: 'registered' });
    const client = new LstpClient(host);
    client.send(TunnelHeader.handshake(0, 1));
    client.token = 17;
    client.send(TunnelHeader.handshake(0, 1));
    client.data('x');
    expect([host.takeToClients(), host.takeToServers()]).toEqual([[], []]);
    expect(host.drops()).toEqual({ 'client:not_admitted': 2, 'client:unknown_session': 1 });
  });

  it('keeps two clients behind one NAT apart by their tokens', () => {
    const host = new RelayHost({ admission: 'registered' });
    const one = new LstpClient(host, '203.0.113.5:1001');
    const two = new LstpClient(host, '203.0.113.5:1002');
    one.token = host.register(registration(1));
    two.token = host.register(registration(2));
    expect(one.token).not.toBe(two.token);
    one.open();
    two.open();
    one.data('one');
    two.data('two');
    one.data('one again');
    expect(host.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['one', 'two', 'one again']);
    // Nobody else gets in with a token that is in use.
    const thief = new LstpClient(host, '203.0.113.5:1003');
    thief.token = one.token;
    thief.send(TunnelHeader.handshake(0, 1));
    expect(thief.answers()).toEqual([]);
    const stranger = new LstpClient(host, '203.0.113.9:1003');
    stranger.token = one.token;
    stranger.send(TunnelHeader.handshake(0, 1));
    expect(stranger.answers()).toEqual([]);
  });

  it('frees tokens when registrations end, however many have come and gone', () => {
    const host = new RelayHost({ admission: 'registered' });
    for (let id = 0; id < 5_000; id++) {
      expect(host.register(registration(id))).toBeGreaterThan(0);
      if (id >= 100) host.unregister(id - 100);
    }
    host.pass(1_000);
    expect(host.count('registrations')).toBe(100);
  });

  it('sends a FIN when a registration ends, and lets a client in again after its own FIN', () => {
    const host = new RelayHost({ admission: 'registered' });
    const client = new LstpClient(host);
    const token = host.register(registration(7));
    client.token = token;
    client.open();
    client.send(TunnelHeader.fin(1, 1));
    host.pass(1_500);
    client.answers();
    client.open();
    host.unregister(7);
    host.flush();
    expect(client.answers().map(({ header }) => header.flags)).toEqual([FLAG_FIN]);
    client.token = token;
    expect(() => client.open()).toThrow();
  });

  it('takes the first packet of a reference client for its handshake, and answers in its dialect', () => {
    const host = new RelayHost({ admission: 'registered' });
    const client = new LstpClient(host, '203.0.113.5:1001', 'reference');
    client.token = host.register({ ...registration(3), dialect: 'reference' });
    client.fecData(7, 0, 2, 'AB');
    client.fecData(7, 1, 2, 'C');
    const [{ egress } = { egress: -1 }] = host.takeToServers();
    host.fromServer(egress, bytesOf('AB'), SERVER.ip, SERVER.port);
    host.fromServer(egress, bytesOf('C'), SERVER.ip, SERVER.port);
    const answers = client.answers();
    expect(answers.map(({ header }) => header.kind)).toEqual(['data', 'data', 'parity']);
    expect(Buffer.from(answers[2]?.payload ?? []).toString('hex')).toBe('02420003');
  });
});
