import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PeerCapability } from '@lightspeed/session';
import type { RelayOptions } from '@lightspeed/session';
import { tagKeys } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_FIN, FLAG_HANDSHAKE, TunnelHeader, readFlags, readVersion } from '@lightspeed/wire';
import { PROGRAM, SERVER, bytesOf, textOf } from './support/lstp-client.ts';
import { SECRET, SESSION_ID, clientAt, prove } from './support/proof-client.ts';
import { BOTH, opened, playing, sealed } from './support/tagging-client.ts';

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

  it('takes true packets only, in whatever order forged ones and recorded ones come with them', () => {
    const kinds = fc.constantFrom(
      'true',
      'plain',
      'plain fin',
      'guessed',
      'changed',
      'recorded',
      'downstream',
      'cut',
    ) as fc.Arbitrary<Kind>;
    fc.assert(
      fc.property(fc.array(fc.tuple(kinds, fc.nat(0xffff), fc.nat(0xff)), { maxLength: 80 }), (list) => {
        const { host, client, token, up, down, packet, guess, arrived } = playing();
        guess(8);
        const first = sealed(packet('true 0'), up);
        client.raw(first);
        const sent = ['true 0'];
        const recorded = [first];
        const forge = (kind: Kind, number: number, byte: number): Uint8Array => {
          const header = TunnelHeader.data(number, number, PROGRAM, SERVER).withSessionToken(token);
          const plain = header.encodeWithPayload(bytesOf('forged'), 'standard');
          if (kind === 'plain') return plain;
          if (kind === 'plain fin') return TunnelHeader.fin(number, number).withSessionToken(token).encode();
          if (kind === 'recorded') return recorded[number % recorded.length];
          if (kind === 'downstream') return sealed(plain, down);
          if (kind === 'guessed') return sealed(plain, { word0: number, word1: byte });
          const copy = recorded[number % recorded.length].slice();
          if (kind === 'cut') return copy.subarray(0, number % copy.length);
          // Not its payload, which a tag does not cover.
          copy[1 + (number % 23)] ^= byte === 0 ? 1 : byte;
          return copy;
        };
        // What is older than the first tagged packet counts for half a second more.
        host.pass(500);
        for (const [kind, number, byte] of list) {
          if (kind !== 'true') {
            client.raw(forge(kind, number, byte));
            continue;
          }
          const text = `true ${sent.length}`;
          recorded.push(sealed(packet(text, client.sequence++, 2_000 + sent.length), up));
          sent.push(text);
          client.raw(recorded[recorded.length - 1]);
        }
        host.pass(1_500);
        expect(arrived()).toEqual(sent);
        expect(host.relay.sessionCount).toBe(1);
      }),
      { numRuns: 200 },
    );
  });
});

type Kind = 'true' | 'plain' | 'plain fin' | 'guessed' | 'changed' | 'recorded' | 'downstream' | 'cut';
