import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SOCKS_HEADER_BYTES, SocksDatagram, SocksDatagramKind, writeSocksHeader } from '../src/ingress/socks/datagram.ts';
import { SocksHandshake, socksReply } from '../src/ingress/socks/handshake.ts';
import type { SocksStep } from '../src/ingress/socks/handshake.ts';

const USER = { name: 'me', password: 'secret' };
const associate = (...address: number[]) => [5, 3, 0, ...address];
const IPV4 = [1, 0, 0, 0, 0, 0x1f, 0x90];
const NAME = [3, 4, ...Buffer.from('game'), 0x1f, 0x90];
const IPV6 = [4, ...new Array<number>(16).fill(0), 0x1f, 0x90];
const LOGIN = [1, 2, ...Buffer.from('me'), 6, ...Buffer.from('secret')];

/** All steps after feeding bytes in two pieces. */
function steps(bytes: readonly number[], splitAt: number, credentials?: typeof USER): SocksStep[] {
  const handshake = new SocksHandshake(credentials);
  const all = Uint8Array.from(bytes);
  return [...handshake.feed(all.subarray(0, splitAt)), ...handshake.feed(all.subarray(splitAt))];
}

const send = (...bytes: number[]) => ({ type: 'send', bytes: Uint8Array.from(bytes) });
const refuse = (...bytes: number[]) => ({ type: 'refuse', bytes: Uint8Array.from(bytes), why: expect.any(String) as string });
const refusal = (code: number) => ({ type: 'refuse', bytes: socksReply(code), why: expect.any(String) as string });

describe('a SOCKS5 handshake, split at every byte,', () => {
  it.each<[string, number[], typeof USER | undefined, unknown[]]>([
    ['associates an IPv4 address', [5, 1, 0, ...associate(...IPV4)], undefined, [send(5, 0), { type: 'associate', port: 8_080 }]],
    ['associates a name', [5, 2, 2, 0, ...associate(...NAME)], undefined, [send(5, 0), { type: 'associate', port: 8_080 }]],
    ['associates an IPv6 address', [5, 1, 0, ...associate(...IPV6)], undefined, [send(5, 0), { type: 'associate', port: 8_080 }]],
    ['ignores what follows', [5, 1, 0, ...associate(...IPV4), 1, 2, 3], undefined, [send(5, 0), { type: 'associate', port: 8_080 }]],
    ['takes a password', [5, 2, 0, 2, ...LOGIN, ...associate(...IPV4)], USER, [send(5, 2), send(1, 0), { type: 'associate', port: 8_080 }]],
    ['refuses another password', [5, 1, 2, ...LOGIN.with(-1, 0)], USER, [send(5, 2), refuse(1, 1)]],
    ['refuses another user', [5, 1, 2, ...LOGIN.with(2, 0)], USER, [send(5, 2), refuse(1, 1)]],
    ['refuses an empty user and password', [5, 1, 2, 1, 0, 0], USER, [send(5, 2), refuse(1, 1)]],
    ['refuses another form of login', [5, 1, 2, 2], USER, [send(5, 2), refuse(1, 1)]],
    ['refuses who gives no password', [5, 1, 0], USER, [refuse(5, 0xff)]],
    ['refuses who wants to give one unasked', [5, 1, 2], undefined, [refuse(5, 0xff)]],
    ['refuses who offers nothing', [5, 0], undefined, [refuse(5, 0xff)]],
    ['refuses SOCKS4', [4, 1, 0, 80], undefined, [refuse()]],
    ['refuses HTTP', [...Buffer.from('GET / HTTP/1.1')], undefined, [refuse()]],
    ['refuses CONNECT', [5, 1, 0, 5, 1, 0, ...IPV4], undefined, [send(5, 0), refusal(7)]],
    ['refuses BIND', [5, 1, 0, 5, 2, 0, ...NAME], undefined, [send(5, 0), refusal(7)]],
    ['refuses a command that there is not', [5, 1, 0, 5, 9, 0, ...IPV6], undefined, [send(5, 0), refusal(7)]],
    ['refuses a kind of address that there is not', [5, 1, 0, ...associate(2)], undefined, [send(5, 0), refusal(8)]],
    ['refuses a request of another version', [5, 1, 0, 4], undefined, [send(5, 0), refusal(1)]],
  ])('%s', (_what, bytes, credentials, expected) => {
    for (let splitAt = 0; splitAt <= bytes.length; splitAt++) expect(steps(bytes, splitAt, credentials)).toEqual(expected);
  });

  it('waits while any byte is missing', () => {
    const bytes = [5, 1, 2, ...LOGIN, ...associate(...NAME)];
    for (let length = 0; length < bytes.length; length++) {
      const last = steps(bytes.slice(0, length), 0, USER).at(-1);
      expect(last?.type ?? 'send').toBe('send');
    }
  });

  it('takes names, users and passwords of all lengths', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ü'), minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(text, text, (name, password) => {
        const [user, secret] = [Buffer.from(name), Buffer.from(password)];
        const bytes = [5, 1, 2, 1, user.length, ...user, secret.length, ...secret, ...associate(3, user.length, ...user, 0, 7)];
        expect(steps(bytes, 0, { name, password }).at(-1)).toEqual({ type: 'associate', port: 7 });
      }),
    );
  });

  it('never throws, whatever comes, and ends after its last step', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_200 }), fc.nat(1_200), fc.boolean(), (bytes, splitAt, asks) => {
        const all = steps([...bytes], splitAt, asks ? USER : undefined);
        const ends = all.findIndex(({ type }) => type === 'associate' || type === 'refuse');
        expect(ends === -1 || ends === all.length - 1).toBe(true);
        expect(all.length).toBeLessThanOrEqual(3);
      }),
    );
  });
});

describe('a SOCKS5 datagram', () => {
  const read = (bytes: readonly number[]) => {
    const datagram = new SocksDatagram();
    return { kind: datagram.read(Uint8Array.of(0xee, ...bytes, 0xee), 1, bytes.length), datagram };
  };

  it('names its game server by an IPv4 address or by a name', () => {
    const byAddress = read([0, 0, 0, 1, 203, 0, 113, 9, 0x20, 0x6f, 7, 7]);
    expect(byAddress.kind).toBe(SocksDatagramKind.ipv4);
    expect(byAddress.datagram).toMatchObject({ ip: 0xcb00_7109 | 0, port: 8_303, payloadOffset: 11, payloadLength: 2 });
    const byName = read([0, 0, 0, 3, 4, ...Buffer.from('game'), 0x20, 0x6f]);
    expect(byName.kind).toBe(SocksDatagramKind.name);
    expect(byName.datagram).toMatchObject({ nameOffset: 6, nameLength: 4, port: 8_303, payloadLength: 0 });
  });

  it.each<[string, number[], keyof typeof SocksDatagramKind]>([
    ['a fragment', [0, 0, 1, 1, 1, 2, 3, 4, 0, 7], 'fragment'],
    ['an IPv6 address', [0, 0, 0, 4, ...new Array<number>(16).fill(1), 0, 7], 'ipv6'],
    ['nothing', [], 'malformed'],
    ['half a header', [0, 0, 0, 1, 1, 2, 3, 4, 0], 'malformed'],
    ['a name that is longer than all', [0, 0, 0, 3, 9, 1, 2, 3], 'malformed'],
    ['an empty name', [0, 0, 0, 3, 0, 0, 7], 'malformed'],
    ['reserved bytes that are used', [0, 1, 0, 1, 1, 2, 3, 4, 0, 7], 'malformed'],
    ['port 0', [0, 0, 0, 1, 1, 2, 3, 4, 0, 0], 'malformed'],
    ['0.0.0.0', [0, 0, 0, 1, 0, 0, 0, 0, 0, 7], 'malformed'],
    ['240.0.0.0/4, which is nobody’s', [0, 0, 0, 1, 240, 0, 0, 1, 0, 7], 'malformed'],
    ['a kind that there is not', [0, 0, 0, 2, 1, 2, 3, 4, 0, 7], 'malformed'],
  ])('with %s goes no further', (_what, bytes, kind) => {
    expect(read(bytes).kind).toBe(SocksDatagramKind[kind]);
  });

  it('is read as it is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xefff_ffff }), fc.integer({ min: 1, max: 0xffff }), (ip, port) => {
        const bytes = new Uint8Array(SOCKS_HEADER_BYTES + 5).fill(0xee);
        writeSocksHeader(bytes, 2, ip | 0, port);
        const datagram = new SocksDatagram();
        expect(datagram.read(bytes, 2, SOCKS_HEADER_BYTES + 3)).toBe(SocksDatagramKind.ipv4);
        expect(datagram).toMatchObject({ ip: ip | 0, port, payloadOffset: 2 + SOCKS_HEADER_BYTES, payloadLength: 3 });
        expect([...bytes.subarray(0, 2), ...bytes.subarray(-3)]).toEqual([0xee, 0xee, 0xee, 0xee, 0xee]);
      }),
    );
  });

  it('lies within its bytes, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { kind, datagram } = read([...bytes]);
        if (kind !== SocksDatagramKind.ipv4 && kind !== SocksDatagramKind.name) return;
        expect(datagram.payloadOffset + datagram.payloadLength).toBe(1 + bytes.length);
        expect(datagram.payloadLength).toBeGreaterThanOrEqual(0);
        if (kind === SocksDatagramKind.name) expect(datagram.nameOffset + datagram.nameLength + 2).toBe(datagram.payloadOffset);
      }),
    );
  });
});
