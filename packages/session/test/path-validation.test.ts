import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PeerCapability } from '@lightspeed/session';
import { TunnelHeader } from '@lightspeed/wire';
import { SERVER, bytesOf, endpoint } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, proof, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const HOME = '203.0.113.5:1';
const MOBILE = '192.0.2.1:2';
const UNLIMITED = { admission: 'registered' as const, maxPpsPerClient: 1e6, maxBpsPerClient: 1e9 };
/** IP and UDP headers. */
const OVERHEAD = 28;

/** A client that answers challenges plays from its address, as its session's server sees. */
function playing(capabilities: number = PeerCapability.challenges) {
  const host = new RelayHost(UNLIMITED);
  const token = host.register({ sessionId: SESSION_ID, ip: CLIENT_IP, dialect: 'standard', secret: SECRET, capabilities });
  const client = clientAt(host, HOME, token);
  prove(client, token, 1n);
  client.data('hello');
  const [{ egress }] = host.takeToServers();
  host.takeToClients();
  const answer = () => host.fromServer(egress, bytesOf('answer'), SERVER.ip, SERVER.port);
  return { host, token, client, answer };
}

/** Where the relay has sent something since the last look, and how many bytes on the wire. */
function sentTo(host: RelayHost): Record<string, number> {
  const sent: Record<string, number> = {};
  for (const { bytes, ip, port } of host.takeToClients()) {
    const at = host.addresses.formatEndpoint(ip | 0, port);
    sent[at] = (sent[at] ?? 0) + bytes.length + OVERHEAD;
  }
  return sent;
}

function challengeIn(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(20);
}

describe('a proof from a new address', () => {
  it('is acknowledged with a challenge, and moves nothing before that has come back', () => {
    const { host, token, client, answer } = playing();
    const moved = clientAt(host, MOBILE, token);
    moved.raw(proof(token, 2n));
    const [{ bytes }] = host.takeToClients();
    expect(bytes).toHaveLength(36);
    moved.sequence = client.sequence;
    moved.data('up it goes');
    expect(host.takeToServers()).toHaveLength(1);
    answer();
    expect(Object.keys(sentTo(host))).toEqual([HOME]);
    moved.raw(proof(token, 3n, { challenge: challengeIn(bytes) }));
    const [acknowledged] = host.takeToClients();
    expect([acknowledged.bytes.length, challengeIn(acknowledged.bytes)]).toEqual([36, 0n]);
    answer();
    expect(Object.keys(sentTo(host))).toEqual([MOBILE]);
    expect(host.count('pathsMoved')).toBe(1);
  });

  it('changes nothing with a challenge of another address, of another session or of long ago', () => {
    const { host, token, answer } = playing();
    const moved = clientAt(host, MOBILE, token);
    const old = host.challengeFor(SESSION_ID, endpoint(MOBILE));
    host.pass(25_000, 1_000);
    const wrong = [old, host.challengeFor(SESSION_ID, endpoint(HOME)), host.challengeFor(78, endpoint(MOBILE)), 1n];
    wrong.forEach((challenge, i) => moved.raw(proof(token, BigInt(i + 2), { challenge })));
    host.takeToClients();
    answer();
    expect(Object.keys(sentTo(host))).toEqual([HOME]);
  });

  it('that was held back and is sent on from another address takes nothing from the client, who plays on', () => {
    const { host, token, client, answer } = playing();
    const held = proof(token, 2n);
    clientAt(host, '203.0.113.66:6', token).raw(held);
    client.data('still here');
    host.takeToClients();
    for (let i = 0; i < 20; i++) answer();
    const sent = sentTo(host);
    expect(Object.keys(sent)).toEqual([HOME]);
  });

  it('does not take the address of another session, here or at another relay, before it is validated', () => {
    const { host, answer } = playing();
    const thief = host.register({
      sessionId: 78,
      ip: endpoint('198.18.0.9:1').ip,
      dialect: 'standard',
      secret: SECRET,
      capabilities: PeerCapability.challenges,
    });
    const forged = clientAt(host, HOME, thief);
    for (let nonce = 1n; nonce < 20n; nonce++) forged.raw(proof(thief, nonce, { sessionId: 78 }));
    host.takeToClients();
    for (let i = 0; i < 5; i++) answer();
    expect(host.takeToClients()).toHaveLength(5);
    prove(forged, thief, 20n, { sessionId: 78 });
    host.takeToClients();
    answer();
    expect(host.takeToClients()).toHaveLength(0);
  });

  it('counts for the address that registered, never for the one that it came from', () => {
    const host = new RelayHost({ ...UNLIMITED, maxSessionsPerAddress: 2 });
    const victim = endpoint(HOME).ip;
    for (const sessionId of [1, 2, 3]) {
      const token = host.register({ sessionId, ip: endpoint('198.18.0.9:1').ip, dialect: 'standard', secret: SECRET });
      clientAt(host, `203.0.113.5:${sessionId}`, token).raw(proof(token, 1n, { sessionId }));
    }
    expect([host.relay.sessionCount, host.drops()]).toEqual([2, { 'client:address_session_limit': 1 }]);
    const token = host.register({ sessionId: 4, ip: victim, dialect: 'standard', secret: SECRET });
    clientAt(host, '203.0.113.5:9', token).raw(proof(token, 1n, { sessionId: 4 }));
    expect(host.relay.sessionCount).toBe(3);
  });

  it.each(['standby', 'duplicate', 'parity'] as const)(
    'draws at most three times what it brought to a victim, with any packets behind it: %s',
    (mode) => {
      const ports = [2, 3, 4];
      const steps = fc.array(
        fc.oneof(
          fc.record({ what: fc.constant('proof' as const), port: fc.constantFrom(...ports) }),
          fc.record({ what: fc.constantFrom('data' as const, 'keepalive' as const, 'fin' as const), port: fc.constantFrom(...ports) }),
          fc.record({ what: fc.constant('answer' as const), port: fc.constant(0) }),
        ),
        { maxLength: 60 },
      );
      fc.assert(
        fc.property(steps, fc.boolean(), (list, answersChallenges) => {
          const { host, token, client, answer } = playing(answersChallenges ? PeerCapability.challenges : 0);
          const path = (port: number) => ports.indexOf(port) + 1;
          let nonce = 10n;
          let received = 0;
          let sent = 0;
          for (const { what, port } of list) {
            if (what === 'answer') {
              for (let i = 0; i < 10; i++) answer();
            } else {
              const victim = clientAt(host, `192.0.2.1:${port}`, token);
              victim.sequence = client.sequence += 1;
              const before = host.count('clientBytesReceived');
              if (what === 'proof') {
                const number = ['standby', 'duplicate', 'parity'].indexOf(mode);
                victim.raw(proof(token, nonce++, { path: path(port), mode: number }));
              } else if (what === 'data') victim.data('x');
              else if (what === 'keepalive') victim.send(TunnelHeader.keepalive(victim.sequence, 5));
              else victim.send(TunnelHeader.fin(victim.sequence, 5));
              received += host.count('clientBytesReceived') - before + OVERHEAD;
            }
            host.pass(300);
            for (const [at, bytes] of Object.entries(sentTo(host))) if (at.startsWith('192.0.2.1:')) sent += bytes;
            expect(sent).toBeLessThanOrEqual(3 * received);
          }
          host.unregister(SESSION_ID);
          host.flush();
          for (const [at, bytes] of Object.entries(sentTo(host))) if (at.startsWith('192.0.2.1:')) sent += bytes;
          expect(sent).toBeLessThanOrEqual(3 * received);
        }),
        { numRuns: 60 },
      );
    },
  );
});

describe('a client that cannot answer challenges', () => {
  it('moves when its old address has fallen silent, and gets three times what it sends there', () => {
    const { host, token, client, answer } = playing(0);
    const moved = clientAt(host, MOBILE, token);
    moved.raw(proof(token, 2n));
    expect(host.takeToClients().map(({ bytes }) => bytes.length)).toEqual([20]);
    host.pass(2_100);
    moved.sequence = client.sequence;
    moved.data('from here now');
    for (let i = 0; i < 50; i++) answer();
    const sent = sentTo(host)[MOBILE];
    expect(sent).toBeGreaterThan(OVERHEAD + 26);
    expect(sent).toBeLessThanOrEqual(3 * (48 + OVERHEAD + 33 + OVERHEAD) - (20 + OVERHEAD));
  });
});

describe('a session that a proof has bound', () => {
  it('ignores every HANDSHAKE without a proof, and its client loses no credit by them', () => {
    const { host, client } = playing();
    for (const token of [0, client.token]) {
      for (let i = 0; i < 50; i++)
        client.raw(
          TunnelHeader.handshake(0, 5_000 + i)
            .withSessionToken(token)
            .encode(),
        );
    }
    expect(host.drops()).toEqual({ 'client:not_admitted': 100 });
    expect(host.takeToClients()).toEqual([]);
    const before = client.sequence - 1;
    client.data('replayed', SERVER, undefined, before);
    expect(host.takeToServers()).toEqual([]);
  });

  it('is not opened by token alone once it has ended', () => {
    const { host, client, token } = playing();
    client.send(TunnelHeader.fin(client.sequence++, 2));
    host.pass(1_600);
    expect(host.relay.sessionCount).toBe(0);
    clientAt(host, '203.0.113.5:9', token).raw(TunnelHeader.handshake(0, 1).withSessionToken(token).encode());
    expect([host.relay.sessionCount, host.drops()['client:not_admitted']]).toEqual([0, 1]);
    prove(client, token, 2n);
    expect(host.relay.sessionCount).toBe(1);
  });

  it('outlives a forged FIN, whatever timestamp it has, while its client plays', () => {
    for (const timestampUs of [0, 1, 0x7fff_ffff, 0xffff_ffff]) {
      const { host, client, answer } = playing();
      client.send(TunnelHeader.fin(500, timestampUs));
      for (let i = 0; i < 20; i++) {
        host.pass(100);
        client.data('playing');
      }
      expect([host.relay.sessionCount, host.takeToServers().length]).toEqual([1, 20]);
      host.takeToClients();
      answer();
      expect(host.takeToClients()).toHaveLength(1);
    }
  });

  it('takes proofs however many other ones come from its client’s address', () => {
    const { host, client, token } = playing();
    for (let i = 0; i < 3_000; i++) client.raw(proof(token, 1n, { sessionId: 999 }));
    expect(host.drops()['client:unbound_rate']).toBeGreaterThan(0);
    prove(client, token, 2n);
    expect(client.answers()).toHaveLength(1);
  });
});

describe('what servers send', () => {
  it('keeps to the client’s rate, counted before copies are made of it', () => {
    const host = new RelayHost({ ...UNLIMITED, maxPpsPerClient: 10, maxBpsPerClient: 20_000 });
    const token = host.register({ sessionId: SESSION_ID, ip: CLIENT_IP, dialect: 'standard', secret: SECRET });
    const client = clientAt(host, HOME, token);
    prove(client, token, 1n, { mode: 1 });
    prove(clientAt(host, MOBILE, token), token, 2n, { mode: 1, path: 1 });
    client.data('x');
    const [{ egress }] = host.takeToServers();
    host.takeToClients();
    for (let i = 0; i < 30; i++) host.fromServer(egress, new Uint8Array(50), SERVER.ip, SERVER.port);
    expect(host.takeToClients()).toHaveLength(20);
    expect(host.drops()).toEqual({ 'server:rate_packets': 20 });
    host.pass(1_000);
    for (let i = 0; i < 3; i++) host.fromServer(egress, new Uint8Array(8_000), SERVER.ip, SERVER.port);
    expect(host.drops()).toMatchObject({ 'server:rate_bytes': 1 });
  });
});
