import { describe, expect, it } from 'vitest';
import { FLAG_FIN, FLAG_HANDSHAKE, FLAG_KEEPALIVE, TunnelHeader } from '@lightspeed/wire';
import { LstpClient, OTHER_SERVER, PROGRAM, SERVER, bytesOf, endpoint, textOf } from './support/lstp-client.ts';
import { RelayHost } from './support/relay-host.ts';

describe('a relay', () => {
  it('carries a payload to the server that its header names, and the answer back under the right labels', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('hello');
    const [sent] = host.takeToServers();
    expect(sent && { ip: sent.ip, port: sent.port, text: textOf(sent.bytes) }).toEqual({ ...SERVER, text: 'hello' });

    host.fromServer(sent?.egress ?? -1, bytesOf('welcome'), SERVER.ip, SERVER.port);
    const [answer] = client.answers();
    expect(answer?.header).toEqual(
      new TunnelHeader({ flags: 0, token: client.token, sequence: 0, timestampUs: 1_000_000, source: SERVER, destination: PROGRAM }),
    );
    expect(textOf(answer?.payload ?? new Uint8Array())).toBe('welcome');
    expect(host.drops()).toEqual({});
  });

  it('counts its own downstream sequence, over all flows', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('a', SERVER);
    client.data('b', OTHER_SERVER);
    const [first, second] = host.takeToServers();
    host.fromServer(first?.egress ?? -1, bytesOf('1'), SERVER.ip, SERVER.port);
    host.fromServer(second?.egress ?? -1, bytesOf('2'), OTHER_SERVER.ip, OTHER_SERVER.port);
    host.fromServer(first?.egress ?? -1, bytesOf('3'), SERVER.ip, SERVER.port);
    expect(client.answers().map(({ header }) => header.sequence)).toEqual([0, 1, 2]);
  });

  it('labels each answer with its true source when a session talks to several servers', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('a', SERVER);
    client.data('b', OTHER_SERVER);
    const [first, second] = host.takeToServers();
    // Two flows to different servers share one socket.
    expect(second?.egress).toBe(first?.egress);
    host.fromServer(0, bytesOf('from the other'), OTHER_SERVER.ip, OTHER_SERVER.port);
    host.fromServer(0, bytesOf('from the first'), SERVER.ip, SERVER.port);
    expect(client.answers().map(({ header, payload }) => [header.source, textOf(payload)])).toEqual([
      [OTHER_SERVER, 'from the other'],
      [SERVER, 'from the first'],
    ]);
  });

  it('keeps apart the programs of one client, and the clients behind one server', () => {
    const host = new RelayHost();
    const one = new LstpClient(host, '203.0.113.5:40000').open();
    const two = new LstpClient(host, '203.0.113.5:40001').open();
    const otherProgram = endpoint('192.168.1.100:12346');
    one.data('1a');
    one.data('1b', SERVER, otherProgram);
    two.data('2');
    const sent = host.takeToServers();
    expect(new Set(sent.map(({ egress }) => egress)).size).toBe(3);
    for (const { egress, bytes } of sent) host.fromServer(egress, bytesOf(`re ${textOf(bytes)}`), SERVER.ip, SERVER.port);
    expect(one.answers().map(({ header, payload }) => [header.destination.port, textOf(payload)])).toEqual([
      [12345, 're 1a'],
      [12346, 're 1b'],
    ]);
    expect(two.answers().map(({ payload }) => textOf(payload))).toEqual(['re 2']);
  });

  it('carries empty datagrams both ways, as some games send them', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('');
    const [sent] = host.takeToServers();
    expect(sent?.bytes.length).toBe(0);
    host.fromServer(sent?.egress ?? -1, new Uint8Array(0), SERVER.ip, SERVER.port);
    expect(client.answers().map(({ payload }) => payload.length)).toEqual([0]);
  });

  it('echoes a keepalive with sequence, token and the client’s own timestamp, and hands no empty datagram to the game', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('x');
    host.takeToServers();
    client.send(TunnelHeader.keepalive(77, 123_456));
    expect(client.answers().map(({ header }) => header)).toEqual([TunnelHeader.keepalive(77, 123_456).withSessionToken(client.token)]);
    expect(host.takeToServers()).toEqual([]);
  });

  it('acknowledges a FIN with its sequence and forgets the session', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('x');
    client.send(TunnelHeader.fin(9, 1));
    host.pass(1_500);
    const [answer] = client.answers();
    expect([answer?.header.flags, answer?.header.sequence]).toEqual([FLAG_FIN, 9]);
    expect([host.relay.sessionCount, host.relay.flowCount, host.openEgressSockets.size]).toEqual([0, 0, 0]);
    client.data('y');
    client.send(TunnelHeader.fin(10, 1));
    host.pass(1_500);
    expect(client.answers()).toEqual([]);
    expect(host.drops()).toEqual({ 'client:unknown_session': 2 });
  });

  it('lets FIN go before HANDSHAKE, and that before KEEPALIVE, when flags are combined', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    const combined = (flags: number) =>
      new TunnelHeader({ flags, token: 0, sequence: 3, timestampUs: 1, source: PROGRAM, destination: SERVER });
    client.send(combined(FLAG_HANDSHAKE | FLAG_KEEPALIVE));
    expect(client.answers().map(({ header }) => header.flags)).toEqual([FLAG_HANDSHAKE]);
    client.send(combined(FLAG_FIN | FLAG_HANDSHAKE | FLAG_KEEPALIVE));
    host.pass(1_500);
    expect(client.answers().map(({ header }) => header.flags)).toEqual([FLAG_FIN]);
    expect(host.relay.sessionCount).toBe(0);
  });

  it('answers a repeated HANDSHAKE alike, and takes a fresh one as a client that starts over', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    const { token } = client;
    client.data('once', SERVER, PROGRAM, 1);
    client.token = 0;
    client.send(TunnelHeader.handshake(0, 1));
    expect(client.answers().map(({ header }) => header.token)).toEqual([token]);
    client.token = token;
    client.data('again', SERVER, PROGRAM, 1);
    expect(host.drops()).toEqual({ 'client:duplicate': 1 });

    client.token = 0;
    client.send(TunnelHeader.handshake(0, 5_000_000));
    client.token = token;
    client.data('anew', SERVER, PROGRAM, 1);
    expect(host.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['once', 'anew']);
    expect(host.relay.sessionCount).toBe(1);
  });

  it('takes up within ten packets with a client that comes back on its port, with the first one’s HANDSHAKE and numbers', () => {
    const host = new RelayHost();
    const client = new LstpClient(host);
    const run = (packets: number) => {
      client.token = 0;
      client.sequence = 0;
      client.open();
      for (let i = 0; i < packets; i++) client.data(`${i}`);
      return host.takeToServers().length;
    };
    expect(run(500)).toBe(500);
    host.pass(200_000, 1_000);
    expect(run(400)).toBe(393);
    expect(host.drops()).toEqual({ 'client:duplicate': 7 });
    expect(host.relay.sessionCount).toBe(1);
  });

  it('loses nothing to a forged number far away, and names the drop', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    for (let i = 0; i < 5; i++) {
      client.data(`${i}`);
      client.data('forged', SERVER, PROGRAM, client.sequence + 30_000);
      host.pass(1_000);
    }
    expect(host.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['0', '1', '2', '3', '4']);
    expect(host.drops()).toEqual({ 'client:too_far_ahead': 5 });
  });

  it('follows the FEC groups of a client that starts over with the same group ids', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    const group = (id: number, sent: string) => {
      client.fecData(id, 0, 2, sent);
      client.sequence++;
      client.fecParity(id, [sent, 'lost']);
    };
    client.sequence = 40_000;
    group(0, 'a');
    host.pass(300);
    client.sequence = 0;
    for (let i = 0; i < 8; i++) client.data('held');
    group(0, 'b');
    expect(host.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['a', 'lost', 'held', 'b', 'lost']);
  });

  it('sends a FIN to every client when it shuts down', () => {
    const host = new RelayHost({}, 4);
    const clients = Array.from({ length: 20 }, (_, i) => new LstpClient(host, `203.0.113.5:${40_000 + i}`).open());
    host.relay.shutdown();
    host.flush();
    expect(clients.map((client) => client.answers().map(({ header }) => [header.flags, header.token]))).toEqual(
      clients.map((client) => [[FLAG_FIN, client.token]]),
    );
    expect(host.relay.sessionCount).toBe(0);
  });

  it('gives each local program its own socket for all its peers with endpoint-independent mapping', () => {
    const host = new RelayHost({ egressMapping: 'endpoint-independent' });
    const one = new LstpClient(host, '203.0.113.5:40000').open();
    const two = new LstpClient(host, '203.0.113.6:40000').open();
    one.data('a', SERVER);
    one.data('b', OTHER_SERVER);
    two.data('c', OTHER_SERVER);
    const [a, b, c] = host.takeToServers().map(({ egress }) => egress);
    expect(b).toBe(a);
    expect(c).not.toBe(a);
    one.send(TunnelHeader.fin(9, 1));
    host.pass(1_500);
    expect([...host.openEgressSockets]).toEqual([c]);
  });

  it('uses as few egress sockets as the busiest server has players', () => {
    const host = new RelayHost();
    const clients = Array.from({ length: 6 }, (_, i) => new LstpClient(host, `203.0.113.${i}:40000`).open());
    clients.forEach((client, i) => {
      client.data('x', endpoint(`198.51.100.${i % 2}:7777`));
      client.data('x', endpoint(`198.51.100.${10 + i}:7777`));
    });
    expect(host.openEgressSockets.size).toBe(3);
    clients[0]?.send(TunnelHeader.fin(9, 1));
    host.pass(1_500);
    new LstpClient(host, '203.0.113.99:40000').open().data('x', endpoint('198.51.100.0:7777'));
    expect(host.openEgressSockets.size).toBe(3);
  });
});
