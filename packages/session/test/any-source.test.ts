import { describe, expect, it } from 'vitest';
import { LocalFlow, PeerCapability } from '@lightspeed/session';
import type { RelayOptions } from '@lightspeed/session';
import { TunnelHeader } from '@lightspeed/wire';
import { PROGRAM, SERVER, bytesOf, endpoint, textOf } from './support/lstp-client.ts';
import type { LstpClient } from './support/lstp-client.ts';
import { SECRET, clientAt, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';
import { TunnelHost } from './support/tunnel-host.ts';

const OTHER_PORT = { ...SERVER, port: SERVER.port + 1 };
const STRANGER = endpoint('198.51.100.77:5000');

function scene(capabilities: number, options: Partial<RelayOptions> = {}): { readonly host: RelayHost; readonly client: LstpClient } {
  const host = new RelayHost({ admission: 'registered', egressFiltering: 'endpoint-independent', ...options });
  return { host, client: player(host, 1, capabilities) };
}

function player(host: RelayHost, sessionId: number, capabilities: number): LstpClient {
  const address = endpoint(`203.0.113.5:${sessionId}`);
  const token = host.register({ sessionId, ip: address.ip, dialect: 'standard', secret: SECRET, capabilities });
  const client = clientAt(host, `203.0.113.5:${sessionId}`, token);
  prove(client, token, 1n, { sessionId });
  client.sequence = 10;
  host.takeToClients();
  return client;
}

function heard(client: LstpClient): string[] {
  return client.answers().map(({ header, payload }) => `${header.source.port} ${textOf(payload)}`);
}

describe('a client that asks to hear any source, of a node that allows it,', () => {
  it('hears a server that answers from another port, and strangers, each under its own address', () => {
    const { host, client } = scene(PeerCapability.anySource);
    client.data('x');
    const [{ egress }] = host.takeToServers();
    for (const [index, from] of [OTHER_PORT, STRANGER, OTHER_PORT].entries())
      host.fromServer(egress, bytesOf(`${index}`), from.ip, from.port);
    expect(heard(client)).toEqual([`${OTHER_PORT.port} 0`, `${STRANGER.port} 1`, `${OTHER_PORT.port} 2`]);
    expect(host.drops()).toEqual({});
    // What is sent there leaves from the same port.
    client.data('y', STRANGER);
    expect(host.takeToServers()).toMatchObject([{ egress, port: STRANGER.port }]);
  });

  it('has sockets that nobody else uses, though others share theirs', () => {
    const { host, client } = scene(PeerCapability.anySource);
    client.data('x');
    const [{ egress }] = host.takeToServers();
    const others = [2, 3].map((id) => player(host, id, 0));
    others[0].data('x', STRANGER);
    others[1].data('x', OTHER_PORT);
    expect(host.takeToServers().map((sent) => sent.egress)).not.toContain(egress);
  });

  it('hears nobody once it has been silent for two minutes, nor from where it may not send', () => {
    const { host, client } = scene(PeerCapability.anySource, { sessionTimeoutMs: 500_000 });
    client.data('x');
    const [{ egress }] = host.takeToServers();
    const denied = endpoint('10.0.0.1:5000');
    host.fromServer(egress, bytesOf('denied'), denied.ip, denied.port);
    host.pass(121_000, 1_000);
    host.fromServer(egress, bytesOf('late'), STRANGER.ip, STRANGER.port);
    expect(heard(client)).toEqual([]);
    expect(host.drops()).toEqual({ 'server:unsolicited': 2 });
  });

  it('hears the servers that it plays on, however much strangers send', () => {
    const rate = 100;
    const { host, client } = scene(PeerCapability.anySource, { maxPpsPerClient: rate });
    client.data('x');
    const [{ egress }] = host.takeToServers();
    let answers = 0;
    for (let second = 0; second < 10; second++) {
      for (let ms = 0; ms < 1_000; ms += 10) {
        for (let n = 0; n < 10; n++) host.fromServer(egress, bytesOf('flood'), STRANGER.ip, STRANGER.port);
        if (ms % 20 === 0) host.fromServer(egress, bytesOf('answer'), SERVER.ip, SERVER.port);
        host.pass(10, 10);
      }
      client.data('x');
      answers += heard(client).filter((text) => text.endsWith('answer')).length;
    }
    expect(answers).toBe(500);
    expect(host.drops()).toEqual({ 'server:rate_packets': expect.any(Number) as number });
  });

  it('may answer as many strangers as it may have new servers, and is heard by the one that it plays on', () => {
    const { host, client } = scene(PeerCapability.anySource, { maxDestinationsPerWindow: 4 });
    client.data('x');
    const [{ egress }] = host.takeToServers();
    for (let port = 1; port <= 10; port++) host.fromServer(egress, bytesOf('first'), STRANGER.ip, port);
    for (let port = 1; port <= 10; port++) client.data('answer', { ...STRANGER, port });
    for (let port = 1; port <= 10; port++) client.data('answer', { ...STRANGER, port });
    // The server that it plays on is one of the four.
    expect(host.takeToServers().map(({ port }) => port)).toEqual([1, 2, 3, 1, 2, 3]);
    expect(host.drops()).toEqual({ 'client:reflection': 14 });
    client.data('x');
    expect(host.takeToServers()).toHaveLength(1);
  });

  it('keeps half of its flows for those to whom it sends, however many others there are', () => {
    const { host, client } = scene(PeerCapability.anySource, { maxFlowsPerSession: 8 });
    client.data('x');
    const [{ egress }] = host.takeToServers();
    for (let port = 1; port <= 20; port++) host.fromServer(egress, bytesOf('x'), STRANGER.ip, port);
    expect(heard(client)).toHaveLength(3);
    for (let port = 1; port <= 4; port++) client.data('x', { ...SERVER, port });
    expect(host.takeToServers()).toHaveLength(4);
  });
});

describe('only the servers to which a client has sent are heard', () => {
  it.each([
    ['if it has not asked for more', 0, 'endpoint-independent'],
    ['if the operator does not allow more', PeerCapability.anySource, 'address-and-port-dependent'],
  ] as const)('%s', (_, capabilities, egressFiltering) => {
    const { host, client } = scene(capabilities, { egressFiltering });
    client.data('x');
    const [{ egress }] = host.takeToServers();
    host.fromServer(egress, bytesOf('x'), OTHER_PORT.ip, OTHER_PORT.port);
    expect(heard(client)).toEqual([]);
    expect(host.drops()).toEqual({ 'server:unsolicited': 1 });
  });
});

describe('a tunnel', () => {
  function tunnel(hearsAnySource: boolean): TunnelHost {
    const host = new TunnelHost({ dialect: 'reference', token: 5, fecGroupSize: 0, hearsAnySource });
    host.open();
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER, 3);
    host.takeToNode();
    return host;
  }

  function packet(sequence: number, text: string): Uint8Array {
    return TunnelHeader.data(sequence, 0, STRANGER, PROGRAM).withSessionToken(5).encodeWithPayload(bytesOf(text));
  }

  it('delivers what others send to a program, by a flow of its own, if it hears any source', () => {
    const host = tunnel(true);
    const opened: LocalFlow[] = [];
    host.otherSource = (flow, ip, port) => {
      opened.push(new LocalFlow(flow.ingress, flow.sourceIp, flow.sourcePort, ip, port));
      return opened[0];
    };
    host.fromNode(packet(0, 'a'));
    host.fromNode(packet(1, 'b'));
    expect(host.takeToLocal().map(({ ingress, port, bytes }) => `${ingress} ${port} ${textOf(bytes)}`)).toEqual([
      `3 ${PROGRAM.port} a`,
      `3 ${PROGRAM.port} b`,
    ]);
    expect(opened).toHaveLength(1);
  });

  it('drops it else', () => {
    const host = tunnel(false);
    host.otherSource = () => {
      throw new Error('nobody is to be asked');
    };
    host.fromNode(packet(0, 'a'));
    expect(host.drops()).toEqual({ 'node:unknown_flow': 1 });
  });
});
