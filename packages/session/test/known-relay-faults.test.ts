import { describe, expect, it } from 'vitest';
import { FecHeader, TunnelHeader } from '@lightspeed/wire';
import { LstpClient, OTHER_SERVER, PROGRAM, SERVER, bytesOf, endpoint, textOf } from './support/lstp-client.ts';
import { RelayHost } from './support/relay-host.ts';
import { TunnelHost } from './support/tunnel-host.ts';

/** Each of these was seen in a deployed relay of this protocol. docs/protocol.md says what is right. */
describe('a relay has none of these faults:', () => {
  it('a session expires 300 seconds after its creation although traffic flows', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    for (let i = 0; i < 40; i++) {
      client.data(`${i}`);
      host.pass(10_000, 1_000);
    }
    expect(host.takeToServers()).toHaveLength(40);
  });

  it('a second client behind one NAT overwrites the first one’s token', () => {
    const host = new RelayHost({ admission: 'registered' });
    const clients = [1, 2].map((id) => {
      const client = new LstpClient(host, `203.0.113.5:${id}`);
      client.token = host.register({ sessionId: id, ip: client.address.ip, dialect: 'standard' });
      return client;
    });
    for (const client of clients) client.open();
    for (const client of clients) client.data(`${client.address.port}`);
    expect(host.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['1', '2']);
  });

  it('any sender can reach a client through its egress port', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('x');
    for (const stranger of ['203.0.113.66:7777', '198.51.100.7:7778', '198.51.100.8:7777']) {
      const { ip, port } = endpoint(stranger);
      host.fromServer(0, bytesOf('spam'), ip, port);
    }
    expect(client.answers()).toEqual([]);
  });

  it('answers of a second game server are labelled as the first one’s', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('x', SERVER);
    client.data('x', OTHER_SERVER);
    for (const { egress, ip, port } of host.takeToServers()) host.fromServer(egress, bytesOf('re'), ip, port);
    expect(client.answers().map(({ header }) => header.source)).toEqual([SERVER, OTHER_SERVER]);
  });

  it('data that comes after the parity never completes a recovery', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.fecParity(0, ['lost', 'late']);
    client.fecData(0, 1, 2, 'late');
    expect(host.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['late', 'lost']);
  });

  it('a late original is delivered again after its recovery', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.fecData(0, 1, 2, 'b');
    client.fecParity(0, ['a', 'b']);
    client.fecData(0, 0, 2, 'a');
    expect(host.takeToServers()).toHaveLength(2);
  });

  it('a decoder whose first group id is 0x8000 or more gives up live groups', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.fecData(0x8000, 0, 2, 'a');
    client.fecData(0x8001, 0, 2, 'c');
    client.fecParity(0x8000, ['a', 'b']);
    client.fecParity(0x8001, ['c', 'd']);
    expect(host.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['a', 'c', 'b', 'd']);
  });

  it('registrations are never released', () => {
    const host = new RelayHost({ admission: 'registered', maxClients: 20 });
    for (let id = 0; id < 1_000; id++) {
      expect(host.register({ sessionId: id, ip: PROGRAM.ip, dialect: 'standard' })).toBeGreaterThan(0);
      expect(host.unregister(id)).toBe(true);
    }
  });

  it('the amplification check counts the wrong direction', () => {
    const host = new RelayHost({ dialect: 'reference' });
    const client = new LstpClient(host, '203.0.113.5:1', 'reference');
    // Much in and little out is no amplification, ...
    for (let i = 0; i < 100; i++) client.data(new Uint8Array(1_000));
    expect(host.drops()).toEqual({});
    // ... little in and much out is.
    const other = new LstpClient(host, '203.0.113.5:2', 'reference');
    other.data('x', OTHER_SERVER);
    for (let i = 0; i < 100; i++) host.fromServer(0, new Uint8Array(1_000), OTHER_SERVER.ip, OTHER_SERVER.port);
    expect(host.drops()['server:amplification']).toBeGreaterThan(80);
  });

  it('forged sources make its tables grow', () => {
    const host = new RelayHost();
    new LstpClient(host).open();
    const packet = TunnelHeader.data(1, 1, PROGRAM, SERVER).encode();
    const before = process.memoryUsage();
    for (let i = 0; i < 200_000; i++) host.relay.handleClientDatagram(place(host, packet), packet.length, 0x0b00_0000 + i, i & 0xffff, 0);
    const after = process.memoryUsage();
    expect(host.relay.sessionCount).toBe(1);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(100_000);
  });

  it('a group size of 0 makes it divide by zero', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    const packet = TunnelHeader.data(1, 1, PROGRAM, SERVER, FecHeader.data(0, 0, 1))
      .withSessionToken(client.token)
      .encode();
    packet[23] = 0;
    client.raw(packet);
    expect(host.drops()).toEqual({ 'client:bad_group_size': 1 });
  });

  it('answers to keepalives reach the game as empty datagrams', () => {
    const host = new TunnelHost();
    host.open();
    const [handshake] = host.takeToNode();
    handshake?.set([7], 1);
    host.fromNode(handshake ?? new Uint8Array());
    const [probe] = host.takeToNode();
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    host.fromNode(probe ?? new Uint8Array());
    expect(host.roundTripsUs).toHaveLength(1);
    expect(host.takeToLocal()).toEqual([]);
  });
});

function place(host: RelayHost, packet: Uint8Array): number {
  host.memory.bytes.set(packet, 64);
  return 64;
}
