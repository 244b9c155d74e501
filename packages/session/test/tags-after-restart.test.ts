import { describe, expect, it } from 'vitest';
import { OWN_CLAIM } from '@lightspeed/session';
import type { RelayOptions, SessionClaims, SessionSnapshot } from '@lightspeed/session';
import { textOf } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';
import { BOTH, HOME, UNLIMITED, playing, sealed } from './support/tagging-client.ts';

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
