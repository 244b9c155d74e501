import { describe, expect, it } from 'vitest';
import type { SessionSnapshot } from '@lightspeed/session';
import { LstpClient, OTHER_SERVER, PROGRAM, SERVER, bytesOf, endpoint, textOf } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const REGISTRATION = { sessionId: SESSION_ID, prefixHigh: 0, prefixLow: CLIENT_IP, token: 9, dialect: 'standard' as const, secret: SECRET };

/** A relay with one session that has two paths and talks to two servers, one of them from two programs. */
function busyRelay() {
  const host = new RelayHost({ admission: 'registered' });
  host.relay.register(REGISTRATION);
  const client = clientAt(host, '203.0.113.5:1', 9);
  prove(client, 9, 4n, { mode: 1 });
  prove(clientAt(host, '192.0.2.1:2', 9), 9, 5n, { path: 1, mode: 1 });
  client.sequence = 10;
  client.fecData(0, 0, 3, 'x');
  client.data('y', OTHER_SERVER);
  client.data('z', SERVER, endpoint('192.168.1.100:999'));
  const sent = host.takeToServers();
  for (let i = 0; i < 30; i++) host.fromServer(sent[0].egress, bytesOf(`${i}`), SERVER.ip, SERVER.port);
  return { host, client, ports: sent.map(({ egress }) => host.egressPort(egress)) };
}

/** The relay after it, which gets what was saved. */
function successor(saved: readonly SessionSnapshot[], prepare: (host: RelayHost) => void = () => undefined) {
  const host = new RelayHost({ admission: 'registered' });
  prepare(host);
  const [{ nonces }] = saved;
  host.relay.register({ ...REGISTRATION, nonces });
  return { host, restored: saved.map((one) => host.relay.snapshots.restore(structuredClone(one))) };
}

describe('a session that is restored in another relay', () => {
  it('goes on where it was: addresses, token, egress ports, group size, both paths', () => {
    const { host: before, client: old, ports } = busyRelay();
    const last =
      old
        .answers()
        .map(({ header }) => header.sequence)
        .at(-1) ?? 0;
    const { host, restored } = successor(before.relay.snapshots.takeAll());
    expect(restored).toEqual([true]);
    expect([host.relay.sessionCount, host.relay.flowCount]).toEqual([1, 3]);

    const client = new LstpClient(host, '203.0.113.5:1');
    client.token = 9;
    client.sequence = old.sequence;
    client.data('x');
    client.data('y', OTHER_SERVER);
    client.data('z', SERVER, endpoint('192.168.1.100:999'));
    const sent = host.takeToServers();
    expect(sent.map(({ bytes }) => textOf(bytes))).toEqual(['x', 'y', 'z']);
    expect(sent.map(({ egress }) => host.egressPort(egress))).toEqual(ports);

    host.fromServer(sent[0].egress, bytesOf('welcome back'), SERVER.ip, SERVER.port);
    const answers = client.answers();
    expect(answers.map(({ header, payload }) => [header.destination, textOf(payload)])).toEqual([[PROGRAM, 'welcome back']]);
    // It is new to the client, however much was sent after the last save.
    const ahead = (answers[0].header.sequence - last) & 0xffff;
    expect(ahead).toBeGreaterThan(10_000);
    expect(ahead).toBeLessThan(32_768);
    expect(new LstpClient(host, '192.0.2.1:2').answers()).toHaveLength(1);
  });

  it('takes up with a client without proofs that starts over on its port, as its predecessor did', () => {
    const registration = { ...REGISTRATION, secret: undefined };
    const before = new RelayHost({ admission: 'registered' });
    before.relay.register(registration);
    clientAt(before, '203.0.113.5:1', 9).openPlainly().data('x');
    const host = new RelayHost({ admission: 'registered' });
    host.relay.register(registration);
    expect(before.relay.snapshots.takeAll().map((one) => host.relay.snapshots.restore(one))).toEqual([true]);
    const run = (packets: number) => {
      const client = clientAt(host, '203.0.113.5:1', 9);
      for (let i = 0; i < packets; i++) client.data(`${i}`);
      return host.takeToServers().length;
    };
    expect(run(500)).toBe(500);
    host.pass(1_000);
    expect(run(400)).toBe(393);
  });

  it('accepts no proof that its predecessor has accepted', () => {
    const { host: before } = busyRelay();
    const { host } = successor(before.relay.snapshots.takeAll());
    prove(clientAt(host, '203.0.113.66:6', 9), 9, 4n, { mode: 1 });
    prove(clientAt(host, '203.0.113.66:6', 9), 9, 5n, { path: 1, mode: 1 });
    expect(host.drops()).toEqual({ 'client:replayed_proof': 2 });
  });

  it('gets other egress ports where the old ones are taken, and goes on all the same', () => {
    const { host: before, ports } = busyRelay();
    const { host, restored } = successor(before.relay.snapshots.takeAll(), ({ takenPorts }) => takenPorts.add(ports[0]));
    expect([restored, host.relay.flowCount]).toEqual([[true], 3]);
  });

  it('is refused without its registration, twice, and where another session has its address', () => {
    const { host: before } = busyRelay();
    const saved = before.relay.snapshots.takeAll();
    const { host } = successor(saved);
    expect(host.relay.snapshots.restore(saved[0])).toBe(false);
    expect(new RelayHost({ admission: 'registered' }).relay.snapshots.restore(saved[0])).toBe(false);
    const { restored } = successor(saved, (other) => {
      other.relay.register({ sessionId: 1, prefixHigh: 0, prefixLow: CLIENT_IP, token: 1, dialect: 'standard' });
      clientAt(other, '203.0.113.5:1', 1).open();
    });
    expect(restored).toEqual([false]);
  });

  it('is not kept if nobody has registered it', () => {
    const host = new RelayHost();
    new LstpClient(host).open().data('x');
    expect(host.relay.snapshots.takeAll()).toEqual([]);
  });
});
