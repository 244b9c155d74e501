import { createHash } from 'node:crypto';
import type { Dialect } from '@lightspeed/wire';
import { DEFAULT_PROTECTION } from '@lightspeed/session';
import { FLAG_HANDSHAKE, TunnelHeader, readFlags, readSequence, readTimestampUs } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { LstpClient, OTHER_SERVER, PROGRAM, SERVER, endpoint } from './support/lstp-client.ts';
import { clientAt, proof, prove, CLIENT_IP, SECRET, SESSION_ID } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';
import { TunnelHost } from './support/tunnel-host.ts';

const NODE = endpoint('192.0.2.1:4434');

/** The packets of a run, as one number that changes with any byte of them, or with their order. */
class Digest {
  readonly #hash = createHash('sha256');
  #packets = 0;

  add(to: string, packets: readonly Uint8Array[]): void {
    for (const bytes of packets) {
      this.#packets++;
      this.#hash.update(`${to} ${bytes.length} `).update(bytes);
    }
  }

  get text(): string {
    return `${this.#packets} ${this.#hash.copy().digest('hex').slice(0, 16)}`;
  }
}

/** A relay, with all that its clients do who know nothing of protection: groups, gaps, copies, keepalives, another HANDSHAKE, FIN. */
function relayRun(kind: 'plain' | 'asking' | 'proved', dialect: Dialect): string {
  const host = new RelayHost({ dialect, admission: kind === 'proved' ? 'registered' : 'open' });
  const digest = new Digest();
  const client = kind === 'proved' ? clientAt(host, '203.0.113.5:1', 9) : new LstpClient(host, '203.0.113.5:40000', dialect);
  const look = () => {
    digest.add(
      'client',
      host.takeToClients().map(({ bytes }) => bytes),
    );
    digest.add(
      'server',
      host.takeToServers().map(({ bytes }) => bytes),
    );
  };
  if (kind === 'proved') {
    host.relay.register({ sessionId: SESSION_ID, prefixHigh: 0, prefixLow: CLIENT_IP, token: 9, dialect, secret: SECRET });
    client.raw(proof(9, 4n));
    look();
    prove(client, 9, 5n, { sequence: 2 });
  } else if (dialect === 'reference') client.token = 7;
  else if (kind === 'plain') client.openPlainly();
  else client.open();
  for (let n = 0; n < 60; n++) {
    const payload = new Uint8Array(20 + ((n * 37) % 900)).fill(n);
    if (n % 7 === 3) client.sequence++;
    if (n < 30) client.data(payload, n % 2 === 0 ? SERVER : OTHER_SERVER);
    else client.fecData(Math.floor((n - 30) / 3), (n - 30) % 3, 3, payload);
    if (n === 20) client.data(payload, SERVER, PROGRAM, client.sequence - 1);
    if (n === 25) client.send(TunnelHeader.keepalive(client.sequence++, 5));
    if (n === 27 && kind === 'plain' && dialect === 'standard') client.send(TunnelHeader.handshake(0, 50));
    for (const egress of [...host.openEgressSockets]) {
      for (const server of [SERVER, OTHER_SERVER])
        host.fromServer(egress, payload.subarray(0, 10 + ((n * 71) % 200)), server.ip, server.port);
    }
    look();
    host.pass(16, 4);
    look();
  }
  client.send(TunnelHeader.fin(client.sequence++, 9));
  host.pass(3_000);
  look();
  return digest.text;
}

/** A tunnel that protects by groups or not at all, and a relay that answers it. */
function tunnelRun(fecGroupSize: number, dialect: Dialect): string {
  const tunnel = new TunnelHost({ fecGroupSize, dialect });
  const relay = new RelayHost({ dialect });
  const digest = new Digest();
  const exchange = () => {
    relay.nowMs = tunnel.nowMs;
    for (let rounds = 0; rounds < 3; rounds++) {
      const up = tunnel.takeToNode();
      digest.add('node', up);
      for (const bytes of up) relay.fromClient(bytes, CLIENT_IP, 4_000);
      for (const { egress, bytes, ip, port } of relay.takeToServers()) {
        digest.add('server', [bytes]);
        relay.fromServer(egress, bytes, ip, port);
      }
      const down = relay.takeToClients().map(({ bytes }) => bytes);
      digest.add('client', down);
      for (const bytes of down) tunnel.fromNode(bytes, NODE);
      digest.add(
        'local',
        tunnel.takeToLocal().map(({ bytes }) => bytes),
      );
    }
  };
  tunnel.open();
  exchange();
  for (let n = 0; n < 80; n++) {
    tunnel.fromLocal(new Uint8Array(30 + ((n * 41) % 700)).fill(n), PROGRAM, n % 3 === 0 ? OTHER_SERVER : SERVER);
    exchange();
    for (let ms = 0; ms < 40; ms += 8) {
      tunnel.pass(8);
      relay.pass(8);
      exchange();
    }
  }
  tunnel.close();
  exchange();
  return digest.text;
}

/** The digests are those of the last commit before blocks, c075baf2, with the same runs. */
describe('peers that know no blocks', () => {
  it.each([
    ['plain', 'standard', '192 718da1250af20e02'],
    ['asking', 'standard', '191 c760f14f4bc05836'],
    ['proved', 'standard', '193 8fb29d0056e3b165'],
    ['plain', 'reference', '191 25b740def24d3edd'],
  ] as const)('get from a relay the packets that they got before there were any: %s, %s', (kind, dialect, before) => {
    expect(relayRun(kind, dialect)).toBe(before);
  });

  it.each([
    [0, 'standard', '327 9a7e332f440933be'],
    [4, 'standard', '431 7dda4f3385e30528'],
    [0, 'reference', '323 e7afbc81790cb61e'],
    [4, 'reference', '361 bba4a7c4099a5f11'],
  ] as const)(
    'get from a tunnel that offers none the packets that they got before there were any: groups of %i, %s',
    (size, dialect, before) => {
      expect(tunnelRun(size, dialect)).toBe(before);
    },
  );

  it('take what a client says of protection for a wrong answer to their challenge: it answers that, and sends no blocks', () => {
    const tunnel = new TunnelHost({ protection: { ...DEFAULT_PROTECTION, mode: { kind: 'repeat', agesMs: [5] } }, fecGroupSize: 0 });
    const challenge = new Uint8Array([0x8d, 0x56, 0x9c, 0x41, 0xb5, 0xa2, 0x4b, 0x89]);
    const answer = (payload: Uint8Array) => {
      const [question] = tunnel.takeToNode().filter((bytes) => readFlags(bytes, 0) === FLAG_HANDSHAKE);
      tunnel.fromNode(
        TunnelHeader.handshake(readSequence(question, 0), readTimestampUs(question, 0)).withSessionToken(7).encodeWithPayload(payload),
      );
      return Buffer.from(question.subarray(20)).toString('hex');
    };
    tunnel.open();
    expect(answer(challenge).slice(0, 10)).toBe('4c53525001');
    expect(answer(new Uint8Array(8))).toBe(Buffer.from(challenge).toString('hex'));
    for (let n = 0; n < 200; n++) {
      tunnel.fromLocal(new Uint8Array(50), PROGRAM, SERVER);
      tunnel.pass(16, 4);
    }
    const data = tunnel.takeToNode().filter((bytes) => readFlags(bytes, 0) === 0);
    expect(data).toHaveLength(200);
    expect(new Set(data.map((bytes) => bytes[0] >> 4))).toEqual(new Set([1]));
  });
});
