import { describe, expect, it } from 'vitest';
import { FecHeader, TunnelHeader, WireError, readFlags, readToken, writeFlags, writeToken } from '@lightspeed/wire';

const player = { ip: 0xc0a80164, port: 12345 };
const server = { ip: 0x681a0132, port: 7777 };

describe('a header', () => {
  it('keeps everything but the token in withSessionToken', () => {
    const sent = TunnelHeader.data(42, 1_000_000, player, server, FecHeader.data(7, 2, 8));
    expect(sent.withSessionToken(0xab)).toEqual(new TunnelHeader({ ...fieldsOf(sent), token: 0xab }));
    expect(sent.token).toBe(0);
  });

  it('leaves out a tag where it changes what the tag covers', () => {
    const tagged = new TunnelHeader({ ...fieldsOf(TunnelHeader.keepalive(5, 1)), tag: 0xffff_ffff });
    expect([tagged.version, tagged.byteLength()]).toEqual([3, 24]);
    expect([tagged.withSessionToken(1).tag, tagged.makeResponse().tag]).toEqual([undefined, undefined]);
  });

  it('echoes sequence, token and timestamp in the response to a keepalive', () => {
    const echo = TunnelHeader.keepalive(5, 1_000_000).withSessionToken(9).makeResponse();
    expect([...echo.encode()]).toEqual([0x11, 9, 0, 5, 0, 0x0f, 0x42, 0x40, ...new Array<number>(12).fill(0)]);
  });

  it('swaps source and destination in a response, and stamps it when asked to', () => {
    const response = TunnelHeader.data(1, 2, player, server, FecHeader.data(7, 2, 8)).makeResponse(3);
    expect(fieldsOf(response)).toEqual({
      flags: 0,
      token: 0,
      sequence: 1,
      timestampUs: 3,
      source: server,
      destination: player,
      fec: undefined,
    });
  });

  it('of combined flags is what the first of FIN, HANDSHAKE, KEEPALIVE says, unless it is a fragment', () => {
    const kinds = Array.from({ length: 16 }, (_, flags) => new TunnelHeader({ ...fieldsOf(TunnelHeader.keepalive(0, 0)), flags }).kind);
    expect(kinds).toEqual([
      'data',
      'keepalive',
      'handshake',
      'handshake',
      'fin',
      'fin',
      'fin',
      'fin',
      ...new Array<string>(8).fill('fragment'),
    ]);
  });

  it('refuses numbers that do not fit their fields, with a code and what is allowed', () => {
    expect(() => TunnelHeader.keepalive(65_536, 0)).toThrow(
      expect.objectContaining({
        name: 'WireError',
        code: 'ERR_WIRE_FIELD_RANGE',
        message: 'sequence must be a whole number from 0 to 65535, got 65536',
      }) as WireError,
    );
    expect(() => TunnelHeader.data(0, -1, player, server)).toThrow(WireError);
    expect(() => TunnelHeader.data(0, 0, { ip: 2 ** 32, port: 0 }, server)).toThrow(WireError);
    expect(() => TunnelHeader.keepalive(0, 0).withSessionToken(256)).toThrow(WireError);
    expect(() => new TunnelHeader({ ...fieldsOf(TunnelHeader.keepalive(0, 0)), tag: -1 })).toThrow(WireError);
    expect(() => new TunnelHeader({ ...fieldsOf(TunnelHeader.keepalive(0, 0)), tag: 1 }).encode('reference')).toThrow(
      'a header with a tag must be of dialect standard, got reference',
    );
    expect(() => FecHeader.data(0, 8, 8)).toThrow(WireError);
    expect(() => FecHeader.parity(0, 0)).toThrow(WireError);
    expect(() => FecHeader.parity(0, 65)).toThrow(WireError);
  });

  it('gives its payload as a view into the packet', () => {
    const packet = TunnelHeader.data(1, 2, player, server).encodeWithPayload(new Uint8Array([1, 2, 3]));
    const decoded = TunnelHeader.decodeWithPayload(packet);
    if (typeof decoded === 'number') throw new Error('refused');
    packet[20] = 9;
    expect([...decoded.payload]).toEqual([9, 2, 3]);
  });
});

describe('writing in place', () => {
  it('replaces flags and token and leaves the rest', () => {
    const bytes = TunnelHeader.data(42, 1, player, server).encode();
    const before = bytes.slice();
    writeFlags(bytes, 0, 0x04);
    writeToken(bytes, 0, 0xab);
    expect([readFlags(bytes, 0), readToken(bytes, 0)]).toEqual([0x04, 0xab]);
    expect(bytes.subarray(2)).toEqual(before.subarray(2));
  });
});

function fieldsOf(header: TunnelHeader) {
  const { flags, token, sequence, timestampUs, source, destination, fec } = header;
  return { flags, token, sequence, timestampUs, source, destination, fec };
}
