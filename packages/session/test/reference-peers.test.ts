import { describe, expect, it } from 'vitest';
import { FLAG_KEEPALIVE, FecHeader, TunnelHeader } from '@lightspeed/wire';
import { SERVER, bytesOf, endpoint, textOf } from './support/lstp-client.ts';
import { RelayHost } from './support/relay-host.ts';
import { TunnelHost } from './support/tunnel-host.ts';

const CLIENT = endpoint('203.0.113.5:40000');
/** Where such a node sees the client: it names this address in its answers. */
const TUNNEL = endpoint('203.0.113.5:40001');
const PROGRAMS = [endpoint('127.0.0.1:5001'), endpoint('127.0.0.1:5002')];

/** A packet of dialect `reference` from a deployed node: its destination is the tunnel's own address. */
function answer(sequence: number, text: string, fec?: FecHeader, timestampUs = 1): Uint8Array {
  return TunnelHeader.data(sequence, timestampUs, SERVER, TUNNEL, fec).encodeWithPayload(bytesOf(text), 'reference');
}

function tunnel(): TunnelHost {
  const host = new TunnelHost({ dialect: 'reference', fecGroupSize: 0 });
  host.open();
  return host;
}

describe('a deployed node of dialect reference', () => {
  it('labels answers with the address of the tunnel: they go to the program that has sent to the server last', () => {
    const host = tunnel();
    // All of it in one millisecond: the order tells which is the last.
    PROGRAMS.forEach((program, i) => {
      host.fromLocal(bytesOf('question'), program, SERVER);
      host.fromNode(answer(i, `for ${i}`));
    });
    host.fromLocal(bytesOf('again'), PROGRAMS[0], SERVER);
    host.fromNode(answer(2, 'for 0 again'));
    expect(host.takeToLocal().map(({ port, bytes }) => [port, textOf(bytes)])).toEqual([
      [5_001, 'for 0'],
      [5_002, 'for 1'],
      [5_001, 'for 0 again'],
    ]);
    host.fromNode(TunnelHeader.data(3, 1, endpoint('198.51.100.9:1'), TUNNEL).encodeWithPayload(bytesOf('x'), 'reference'));
    expect(host.drops()).toEqual({ 'node:unknown_flow': 1 });
  });

  it('numbers the groups of two encoders alike: everything is delivered once, and nothing is made of both', () => {
    const host = tunnel();
    host.fromLocal(bytesOf('question'), PROGRAMS[0], SERVER);
    const texts: string[] = [];
    for (let group = 0; group < 20; group++) {
      for (let index = 0; index < 4; index++) {
        for (const encoder of ['a', 'b']) {
          const text = `${encoder} ${group} ${index}`;
          texts.push(text);
          host.fromNode(answer(texts.length, text, FecHeader.data(group, index, 4)));
        }
      }
    }
    expect(host.takeToLocal().map(({ bytes }) => textOf(bytes))).toEqual(texts);
    expect([host.drops(), host.count('fecRecovered')]).toEqual([{}, 0]);
  });

  it('gets payloads over 1,400 bytes without parity, which it could not make either', () => {
    const host = new TunnelHost({ dialect: 'reference', fecGroupSize: 2 });
    host.open();
    host.takeToNode();
    for (const length of [1_400, 1_401, 10]) host.fromLocal(new Uint8Array(length), PROGRAMS[0], SERVER);
    const sent = host.takeToNode().map((bytes) => [bytes[0] >> 4, bytes.length]);
    expect(sent).toEqual([
      [2, 24 + 1_400],
      [1, 20 + 1_401],
      [2, 24 + 10],
      [2, 24 + 1_402],
    ]);
  });

  it('begins another session with sequence 0 and group 0 after 300 s: seven packets are held, then all is well', () => {
    for (const count of [70, 900, 2_000, 40_000]) {
      const host = tunnel();
      host.fromLocal(bytesOf('question'), PROGRAMS[0], SERVER);
      const send = (packets: number) => {
        for (let i = 0; i < packets; i++) {
          host.nowMs += 5;
          // As it numbers sequence, groups of four and their places anew.
          host.fromNode(answer(i & 0xffff, `${i}`, FecHeader.data((i >> 2) & 0xffff, i & 3, 4), host.nowMs * 1_000));
        }
        return host.takeToLocal().length;
      };
      expect(send(count)).toBe(count);
      host.pass(300);
      expect(send(60)).toBe(53);
      expect(host.count('timesLost')).toBe(0);
    }
  });
});

describe('an open node', () => {
  const question = TunnelHeader.keepalive(9, 77).withSessionToken(3);

  it('of dialect reference echoes a KEEPALIVE before any session, in as many bytes', () => {
    const host = new RelayHost({ dialect: 'reference' });
    for (const payload of ['', 'sixteen bytes ..']) {
      const bytes = question.encodeWithPayload(bytesOf(payload), 'reference');
      host.fromClient(bytes, CLIENT.ip, CLIENT.port);
      const [echo] = host.takeToClients();
      expect(echo.bytes).toHaveLength(bytes.length);
      expect(TunnelHeader.decode(echo.bytes, 'reference')).toMatchObject({ flags: FLAG_KEEPALIVE, sequence: 9, timestampUs: 77, token: 3 });
    }
    expect([host.relay.sessionCount, host.count('keepalives'), host.drops()]).toEqual([0, 2, {}]);
  });

  it('of dialect reference echoes ten a second to an address, so that two nodes do not echo each other for long and at length', () => {
    const nodes = ['192.0.2.1:4434', '192.0.2.2:4434'].map((text) => ({
      at: endpoint(text),
      host: new RelayHost({ dialect: 'reference' }),
    }));
    const [one, two] = nodes;
    for (let i = 0; i < 50; i++) one.host.fromClient(question.encode('reference'), two.at.ip, two.at.port);
    let echoes = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      for (const [node, other] of [nodes, nodes.toReversed()]) {
        for (const { bytes } of node.host.takeToClients()) {
          echoes++;
          other.host.fromClient(bytes, node.at.ip, node.at.port);
        }
        node.host.pass(10);
      }
    }
    expect(echoes).toBeGreaterThanOrEqual(20);
    expect(echoes).toBeLessThanOrEqual(2 * 10 * 11);
    expect(one.host.drops()['client:unbound_rate']).toBeGreaterThanOrEqual(40);
  });

  it('of dialect standard does not, nor one where clients register', () => {
    for (const options of [{}, { admission: 'registered', dialect: 'reference' }] as const) {
      const host = new RelayHost(options);
      host.fromClient(question.encode('dialect' in options ? 'reference' : 'standard'), CLIENT.ip, CLIENT.port);
      expect([host.takeToClients(), host.drops()]).toEqual([[], { 'client:unknown_session': 1 }]);
    }
  });
});
