import { describe, expect, it } from 'vitest';
import { OWN_CLAIM, PeerCapability } from '@lightspeed/session';
import type { RelayOptions, SessionClaims, SessionSnapshot } from '@lightspeed/session';
import { tagKeys } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_FIN, FLAG_HANDSHAKE, TunnelHeader, openPacket, readFlags, readVersion, sealPacket } from '@lightspeed/wire';
import type { TagKey } from '@lightspeed/wire';
import { PROGRAM, SERVER, bytesOf, textOf } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const HOME = '203.0.113.5:1';
const UNLIMITED = { admission: 'registered' as const, maxPpsPerClient: 1e6, maxBpsPerClient: 1e9 };
const BOTH = PeerCapability.tags | PeerCapability.challenges;

/** A packet with its tag. */
function sealed(packet: Uint8Array, { word0, word1 }: TagKey): Uint8Array {
  const bytes = new Uint8Array(packet.length + 4);
  bytes.set(packet, 4);
  sealPacket(new DataView(bytes.buffer), 4, packet.length, word0, word1);
  return bytes;
}

/** A packet without its tag, which must be right. */
function opened(packet: Uint8Array, { word0, word1 }: TagKey): Uint8Array {
  const bytes = packet.slice();
  expect(openPacket(new DataView(bytes.buffer), 0, bytes.length, word0, word1)).toBe(0);
  return bytes.subarray(4);
}

/** A client made by hand whose session is bound. */
function playing(options: Partial<RelayOptions> = {}, capabilities: number = BOTH, claims?: SessionClaims) {
  const host = new RelayHost({ ...UNLIMITED, ...options }, 512, claims);
  const token = host.register({ sessionId: SESSION_ID, ip: CLIENT_IP, dialect: 'standard', secret: SECRET, capabilities });
  return { ...clientOf(host, token), capabilities };
}

function clientOf(host: RelayHost, token: number, openingNonce = 1n) {
  const client = clientAt(host, HOME, token);
  const { up, down } = tagKeys(SECRET, SESSION_ID, openingNonce, hmacSha256);
  prove(client, token, openingNonce);
  client.sequence = 10;
  host.takeToClients();
  const packet = (text: string, sequence = client.sequence++, timestampUs = 1_000) =>
    TunnelHeader.data(sequence, timestampUs, PROGRAM, SERVER).withSessionToken(token).encodeWithPayload(bytesOf(text), 'standard');
  const guess = (count: number) => {
    for (let i = 1; i <= count; i++) {
      client.raw(
        TunnelHeader.data(0, 1, PROGRAM, SERVER)
          .withSessionToken(token === 255 ? 1 : token + 1)
          .encodeWithPayload(bytesOf('no'), 'standard'),
      );
    }
  };
  const arrived = () => host.takeToServers().map(({ bytes }) => textOf(bytes));
  return { host, token, client, up, down, packet, guess, arrived };
}

describe('a session of a relay', () => {
  it('has tags when eight wrong tokens have come, from the first tagged packet on', () => {
    const { host, client, up, down, packet, guess, arrived } = playing();
    guess(7);
    expect([host.taggings, host.attacks]).toEqual([[], []]);
    guess(1);
    expect([host.taggings, host.attacks]).toEqual([[SESSION_ID], [SESSION_ID]]);
    client.raw(packet('still plain'));
    const [{ egress }] = host.toServers;
    expect(arrived()).toEqual(['still plain']);
    host.fromServer(egress, bytesOf('plain too'), SERVER.ip, SERVER.port);
    expect(readVersion(host.takeToClients()[0].bytes, 0)).toBe(1);

    client.raw(sealed(packet('tagged'), up));
    expect(arrived()).toEqual(['tagged']);
    client.raw(packet('forged'));
    host.fromServer(egress, bytesOf('answer'), SERVER.ip, SERVER.port);
    expect(textOf(opened(host.takeToClients()[0].bytes, down).subarray(20))).toBe('answer');
    expect(arrived()).toEqual([]);
    expect(host.drops()).toEqual({ 'client:bad_token': 8, 'client:bad_tag': 1 });
    expect([host.count('sessionsTagged'), host.taggings.length]).toEqual([1, 1]);
  });

  it('takes what was sent before the first tagged packet for half a second', () => {
    const { host, client, up, packet, guess, arrived } = playing();
    guess(8);
    const [overtaken, tooLate] = [packet('overtaken'), packet('too late')];
    client.raw(sealed(packet('tagged'), up));
    client.raw(overtaken);
    host.pass(500);
    client.raw(tooLate);
    expect(arrived()).toEqual(['tagged', 'overtaken']);
    expect(host.drops()['client:bad_tag']).toBe(1);
  });

  it('drops a packet with the tag of another direction, opening or length, and changes nothing', () => {
    const { host, client, up, down, packet, guess, arrived } = playing();
    guess(8);
    client.raw(sealed(packet('right'), up));
    const other = tagKeys(SECRET, SESSION_ID, 2n, hmacSha256).up;
    const wrong = [sealed(packet('x'), down), sealed(packet('x'), other), sealed(packet('x'), up).subarray(0, 24)];
    for (const bytes of wrong) client.raw(bytes);
    client.raw(sealed(packet('right again'), up));
    expect(arrived()).toEqual(['right', 'right again']);
    expect(host.drops()['client:bad_tag']).toBe(3);
  });

  it('drops a tagged packet that was recorded more than ten seconds before the newest one', () => {
    const { host, client, up, packet, guess, arrived } = playing();
    guess(8);
    client.raw(sealed(packet('newest', 40, 20_000_000), up));
    client.raw(sealed(packet('late', 39, 10_000_000), up));
    client.raw(sealed(packet('recorded', 38, 9_999_999), up));
    expect(arrived()).toEqual(['newest', 'late']);
    expect(host.drops()['client:too_old']).toBe(1);
  });

  it('ends at once by a tagged FIN, which is answered, and never by one without', () => {
    const { host, client, token, up, down, packet, guess } = playing();
    guess(8);
    client.raw(sealed(packet('hello'), up));
    const fin = TunnelHeader.fin(60, 2_000).withSessionToken(token).encode();
    client.raw(fin);
    host.pass(1_500);
    expect(host.relay.sessionCount).toBe(1);
    host.takeToClients();
    client.raw(sealed(fin, up));
    expect([host.relay.sessionCount, host.count('fins')]).toEqual([0, 1]);
    const [answer] = host.takeToClients();
    expect(readFlags(opened(answer.bytes, down), 0)).toBe(FLAG_FIN);
  });

  it('does not end by a FIN without a tag that came right before the first tagged packet, or right behind it', () => {
    const { host, client, token, up, packet, guess } = playing();
    guess(8);
    const fin = (sequence: number) => TunnelHeader.fin(sequence, 1_000_000_000).withSessionToken(token).encode();
    client.raw(fin(5));
    client.raw(sealed(packet('hello'), up));
    client.raw(fin(6));
    host.pass(1_500);
    expect([host.relay.sessionCount, host.drops()['client:bad_tag']]).toEqual([1, 1]);
  });

  it('tags acknowledgements and echoes, and asks for no tag of a proof', () => {
    const { host, client, token, up, down, packet, guess } = playing();
    guess(8);
    client.raw(sealed(packet('hello'), up));
    host.takeToClients();
    client.raw(sealed(TunnelHeader.keepalive(50, 5_000).withSessionToken(token).encode(), up));
    prove(client, token, 2n);
    const answers = host.takeToClients().map(({ bytes }) => opened(bytes, down));
    expect(answers.map((bytes) => bytes.length)).toEqual([20, 36]);
    const moved = clientAt(host, '192.0.2.1:2', token);
    prove(moved, token, 3n);
    expect(readFlags(opened(host.takeToClients()[0].bytes, down), 0)).toBe(FLAG_HANDSHAKE);
    expect(host.count('pathsMoved')).toBe(1);
  });

  it.each<[string, Partial<RelayOptions>, number]>([
    ['the node has tags = off', { tags: 'off' }, BOTH],
    ['its client cannot', {}, PeerCapability.challenges],
  ])('never has tags if %s', (_why, options, capabilities) => {
    const { host, client, up, packet, guess, arrived } = playing(options, capabilities);
    guess(20);
    expect([host.taggings, host.relay.tag(SESSION_ID)]).toEqual([[], false]);
    client.raw(sealed(packet('no'), up));
    expect(arrived()).toEqual([]);
    expect(host.drops()['client:bad_version']).toBe(1);
  });

  it.each<[string, Partial<RelayOptions>, number]>([
    ['it has tags from the start', { tags: 'always' }, BOTH],
    ['the node has tags = off', { tags: 'off' }, BOTH],
    ['its client cannot tag', {}, PeerCapability.challenges],
  ])('tells once that it is attacked, also if %s', (_why, options, capabilities) => {
    const { host, client, up, packet, guess } = playing(options, capabilities);
    if (options.tags === 'always') client.raw(sealed(packet('first'), up));
    guess(7);
    expect(host.attacks).toEqual([]);
    guess(20);
    expect([host.attacks, host.count('sessionsAttacked')]).toEqual([[SESSION_ID], 1]);
  });

  it('has tags from the start if the node has tags = always', () => {
    const { host, client, up, packet, arrived } = playing({ tags: 'always' });
    expect([host.taggings, host.attacks]).toEqual([[SESSION_ID], []]);
    client.raw(sealed(packet('first'), up));
    expect(arrived()).toEqual(['first']);
  });

  it('has tags when its client has got wrong tokens', () => {
    const { host, client, up, packet, arrived } = playing();
    expect([host.relay.tag(SESSION_ID), host.relay.tag(SESSION_ID), host.relay.tag(5)]).toEqual([true, true, false]);
    expect([host.taggings, host.attacks]).toEqual([[SESSION_ID], []]);
    client.raw(sealed(packet('first'), up));
    expect(arrived()).toEqual(['first']);
  });

  it('has other keys when it is opened again, and takes nothing without a tag from then on', () => {
    const { host, client, token, up, packet, guess, arrived } = playing();
    guess(8);
    client.raw(sealed(packet('before'), up));
    client.raw(sealed(TunnelHeader.fin(60, 2_000).withSessionToken(token).encode(), up));
    arrived();
    host.takeToClients();
    prove(client, token, 2n);
    const after = tagKeys(SECRET, SESSION_ID, 2n, hmacSha256);
    expect(readFlags(opened(host.takeToClients()[0].bytes, after.down), 0)).toBe(FLAG_HANDSHAKE);
    client.raw(packet('plain'));
    client.raw(sealed(packet('old keys'), up));
    client.raw(sealed(packet('after'), after.up));
    expect(arrived()).toEqual(['after']);
  });
});

/** What all workers of a node know of registrations. */
function sharedClaims(): SessionClaims {
  const tagged = new Set<number>();
  const wanted = new Set<number>();
  return {
    claim: () => OWN_CLAIM,
    release: () => undefined,
    noteProof: () => undefined,
    isProved: () => false,
    wantTags: ({ sessionId }) => void wanted.add(sessionId),
    wantsTags: ({ sessionId }) => wanted.has(sessionId),
    noteTags: ({ sessionId }) => void tagged.add(sessionId),
    isTagged: ({ sessionId }) => tagged.has(sessionId),
    takeFresh: () => false,
  };
}

describe('a restart', () => {
  function restarted(
    snapshots: readonly SessionSnapshot[],
    token: number,
    claims?: SessionClaims,
    options: Partial<RelayOptions> = {},
  ): RelayHost {
    const [{ nonces }] = snapshots;
    const host = new RelayHost({ ...UNLIMITED, ...options }, 512, claims);
    const prefix = host.prefixOf(CLIENT_IP);
    host.relay.register({ sessionId: SESSION_ID, ...prefix, token, dialect: 'standard', secret: SECRET, capabilities: BOTH, nonces });
    for (const snapshot of snapshots) expect(host.relay.snapshots.restore(snapshot)).toBe(true);
    return host;
  }

  it('keeps the tags of a session, and what is too old for it', () => {
    const { host, client, token, up, packet, guess } = playing();
    guess(8);
    client.raw(sealed(packet('hello', 40, 20_000_000), up));
    const second = restarted(host.relay.snapshots.takeAll(), token);
    expect(second.taggings).toEqual([]);
    const there = clientAt(second, HOME, token);
    there.raw(packet('forged', 41));
    there.raw(sealed(packet('recorded', 41, 9_999_999), up));
    there.raw(sealed(packet('goes on', 41, 20_000_001), up));
    expect(second.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['goes on']);
    expect(second.drops()).toEqual({ 'client:bad_tag': 1, 'client:too_old': 1 });
  });

  it('with tags = off leaves tags to the session that had them, since its client takes nothing else', () => {
    const { host, client, token, up, packet, guess } = playing();
    guess(8);
    client.raw(sealed(packet('hello'), up));
    const second = restarted(host.relay.snapshots.takeAll(), token, undefined, { tags: 'off' });
    const there = clientAt(second, HOME, token);
    there.raw(packet('forged', 41));
    there.raw(sealed(packet('goes on', 41), up));
    expect(second.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['goes on']);
    expect(second.relay.tag(SESSION_ID)).toBe(true);
  });

  it('of one worker whose snapshot is older than the tags keeps them, since all workers know', () => {
    const claims = sharedClaims();
    const { host, client, token, up, packet, guess } = playing({}, BOTH, claims);
    const before = host.relay.snapshots.takeAll();
    guess(8);
    client.raw(sealed(packet('hello'), up));
    const second = restarted(before, token, claims);
    const there = clientAt(second, HOME, token);
    there.raw(packet('forged', 41));
    there.raw(sealed(packet('goes on', 41), up));
    expect(second.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['goes on']);
  });

  it('of one worker before the first tagged packet knows what the client was told, since all workers know', () => {
    const claims = sharedClaims();
    const { host, token, up, packet, guess } = playing({}, BOTH, claims);
    const before = host.relay.snapshots.takeAll();
    guess(8);
    const second = restarted(before, token, claims);
    const there = clientAt(second, HOME, token);
    there.raw(packet('plain', 41));
    there.raw(sealed(packet('tagged', 42), up));
    expect(second.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['plain', 'tagged']);
  });

  it('that has lost the tags takes them up again when the client says so', () => {
    const { host, client, token, up, packet, guess } = playing();
    const before = host.relay.snapshots.takeAll();
    guess(8);
    client.raw(sealed(packet('hello'), up));
    const second = restarted(before, token);
    const there = clientAt(second, HOME, token);
    there.raw(sealed(packet('lost', 41), up));
    expect(second.relay.tag(SESSION_ID)).toBe(true);
    there.raw(sealed(packet('goes on', 42), up));
    expect(second.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['goes on']);
  });
});
