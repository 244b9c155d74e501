import { describe, expect, it } from 'vitest';
import type { SessionClaims } from '@lightspeed/session';
import { FLAG_HANDSHAKE, NO_ADDRESS } from '@lightspeed/wire';
import { LstpClient, SERVER, bytesOf, textOf } from './support/lstp-client.ts';
import { SECRET, SESSION_ID, proof, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const HOME = '[2001:db8:1:2::5]:40000';

/** A client at an address of either family, that speaks to one of the node's addresses. */
function clientOf(host: RelayHost, address: string, local = '2001:db8::1'): LstpClient {
  return new LstpClient(host, host.endpoint(address), 'standard', host.endpoint(`[${local}]:1`).ip);
}

describe('a client that has IPv6', () => {
  it('opens a session, plays, and is answered from the address that it speaks to', () => {
    const host = new RelayHost();
    const client = clientOf(host, HOME).open();
    client.data('x');
    const [{ egress }] = host.takeToServers();
    host.fromServer(egress, bytesOf('y'), SERVER.ip, SERVER.port);
    const [answer] = host.toClients;
    expect([host.textOf(answer.ip), host.textOf(answer.local ?? 0)]).toEqual(['2001:db8:1:2::5', '2001:db8::1']);
    expect(client.answers().map(({ payload }) => textOf(payload))).toEqual(['y']);
  });

  it('that speaks to another address of the node is answered from there, once it says something true', () => {
    const host = new RelayHost();
    const client = clientOf(host, HOME).open();
    client.data('x');
    const [{ egress }] = host.takeToServers();
    const answeredFrom = () => {
      host.fromServer(egress, bytesOf('y'), SERVER.ip, SERVER.port);
      return host.textOf(host.takeToClients()[0].local ?? 0);
    };
    client.local = host.endpoint('[2001:db8::2]:1').ip;
    const { token } = client;
    client.token = token ^ 1;
    client.data('forged');
    expect(answeredFrom()).toBe('2001:db8::1');
    client.token = token;
    client.data('true');
    expect(answeredFrom()).toBe('2001:db8::2');
    // Where the driver does not know it, what was known goes on to hold.
    client.local = 0;
    client.data('unknown');
    expect(answeredFrom()).toBe('2001:db8::2');
  });

  it('moves to IPv4 and back by proof, and mixes both families as paths', () => {
    const host = new RelayHost({ admission: 'registered' });
    const home = clientOf(host, HOME);
    const token = host.register({ sessionId: SESSION_ID, ip: home.address.ip, dialect: 'standard', secret: SECRET });
    const mobile = clientOf(host, '192.0.2.1:7', '::ffff:198.18.0.1');
    for (const client of [home, mobile]) client.token = token;
    const answeredAt = (path: number, client: LstpClient, nonce: bigint) => {
      prove(client, token, nonce, { path });
      return host.takeToClients().map(({ ip, local }) => [host.textOf(ip), host.textOf(local ?? 0)]);
    };
    expect(answeredAt(0, home, 1n)).toEqual([['2001:db8:1:2::5', '2001:db8::1']]);
    expect(answeredAt(0, mobile, 2n)).toEqual([['192.0.2.1', '198.18.0.1']]);
    expect(answeredAt(1, home, 3n)).toEqual([['2001:db8:1:2::5', '2001:db8::1']]);
    expect([host.relay.sessionCount, host.count('pathsMoved'), host.count('pathsAdded')]).toEqual([1, 1, 1]);
    host.unregister(SESSION_ID);
    expect(host.addresses.retained).toBe(0);
  });
});

describe('an IPv6 /64 counts as one address', () => {
  it('in the limit of sessions', () => {
    const host = new RelayHost({ maxSessionsPerAddress: 2 });
    for (let i = 1; i <= 4; i++) clientOf(host, `[2001:db8:1:2::${i}]:1`).raw(handshake());
    clientOf(host, '[2001:db8:1:3::1]:1').raw(handshake());
    expect([host.relay.sessionCount, host.drops()]).toEqual([3, { 'client:address_session_limit': 2 }]);
  });

  it('in the rate of datagrams without a session', () => {
    const host = new RelayHost({ maxPpsPerUnboundAddress: 2, admission: 'registered' });
    for (let i = 1; i <= 5; i++) clientOf(host, `[2001:db8:1:2::${i}]:1`).raw(handshake());
    expect(host.drops()).toEqual({ 'client:not_admitted': 2, 'client:unbound_rate': 3 });
  });

  it('in bans, here and at other relays', () => {
    const host = new RelayHost();
    const home = host.prefixOf(host.endpoint(HOME).ip);
    host.relay.ban(home.prefixHigh, home.prefixLow, 1_000);
    clientOf(host, '[2001:db8:1:2:ffff::9]:1').raw(handshake());
    clientOf(host, '[2001:db8:1:3::9]:1').raw(handshake());
    clientOf(host, '1.2.3.4:1').raw(handshake());
    expect([host.relay.sessionCount, host.drops()]).toEqual([2, { 'client:banned': 1 }]);
  });

  it('for a registration that is bound by its token alone', () => {
    const host = new RelayHost({ admission: 'registered' });
    const token = host.register({ sessionId: 1, ip: host.endpoint(HOME).ip, dialect: 'standard' });
    for (const address of ['[2001:db8:1:3::5]:1', '0.1.0.2:1', '[2001:db8:1:2::77]:1']) clientOf(host, address).raw(handshake(token));
    expect([host.relay.sessionCount, host.drops()]).toEqual([1, { 'client:not_admitted': 2 }]);
  });
});

describe('the addresses of clients', () => {
  it('are let go of when their sessions end, however they end', () => {
    const host = new RelayHost({ sessionTimeoutMs: 1_000 });
    for (let i = 1; i <= 3; i++) clientOf(host, `[2001:db8:1:${i}::1]:1`).raw(handshake());
    expect(host.addresses.retained).toBe(4);
    host.pass(2_000);
    expect([host.relay.sessionCount, host.addresses.retained]).toEqual([0, 0]);
  });

  it('are kept by the table of forwarded sessions while it has them', () => {
    const claims: SessionClaims = {
      claim: () => 3,
      release: () => undefined,
      noteProof: () => undefined,
      isProved: () => false,
      wantTags: () => undefined,
      wantsTags: () => false,
      noteTags: () => undefined,
      isTagged: () => false,
      takeFresh: () => false,
    };
    const host = new RelayHost({ admission: 'registered' }, 512, claims);
    const client = clientOf(host, HOME);
    client.token = host.register({ sessionId: SESSION_ID, ip: client.address.ip, dialect: 'standard', secret: SECRET });
    client.raw(proof(client.token, 1n));
    client.data('x');
    expect(host.forwarded.map(({ relay, ip, local }) => [relay, host.textOf(ip), host.textOf(local ?? 0)])).toEqual([
      [3, '2001:db8:1:2::5', '2001:db8::1'],
      [3, '2001:db8:1:2::5', '2001:db8::1'],
    ]);
    expect(host.addresses.retained).toBe(1);
    host.unregister(SESSION_ID);
    expect(host.addresses.retained).toBe(0);
  });

  it('outlive their relay as text, whatever handles the next one gives', () => {
    const before = new RelayHost({ admission: 'registered' });
    const client = clientOf(before, HOME);
    const registration = { sessionId: SESSION_ID, dialect: 'standard' as const, secret: SECRET };
    client.token = before.register({ ...registration, ip: client.address.ip });
    prove(client, client.token, 1n);
    const [snapshot] = before.relay.snapshots.takeAll();
    expect(snapshot.paths).toEqual([{ number: 0, address: '2001:db8:1:2::5', port: 40_000, local: '2001:db8::1', isValidated: true }]);
    const after = new RelayHost({ admission: 'registered' });
    after.endpoint('[2001:db8:9::9]:9');
    after.relay.register({ ...registration, token: client.token, ...after.prefixOf(after.endpoint(HOME).ip) });
    expect(after.relay.snapshots.restore(snapshot)).toBe(true);
    const again = clientOf(after, HOME);
    again.token = client.token;
    again.data('x');
    expect(after.takeToServers()).toHaveLength(1);
    expect(after.relay.snapshots.takeAll()[0].paths).toEqual(snapshot.paths);
  });

  it('are refused when the book has no room for them', () => {
    const host = new RelayHost();
    host.fromClient(handshake(), NO_ADDRESS, 1);
    expect([host.relay.sessionCount, host.drops()]).toEqual([0, { 'client:session_limit': 1 }]);
  });
});

function handshake(token = 0): Uint8Array {
  const packet = new Uint8Array(20);
  packet[0] = 0x10 | FLAG_HANDSHAKE;
  packet[1] = token;
  return packet;
}
