import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeCertificate } from '@lightspeed/control/quic';
import { Connection } from '../../src/quic/connection.ts';
import { CloseCode, describeCloseCode, StreamCode } from '../../src/quic/codes.ts';
import { peerAddress } from '../../src/quic/http3/peer-address.ts';
import { isInUse, isNotAvailable, listenHosts, localHosts } from '../../src/quic/local-hosts.ts';
import { Budget, connectionLimits } from '../../src/quic/limits.ts';
import { certificateOf } from '../../src/quic/tls-resumption.ts';
import type { ConnectionHandlers, ConnectionTransport, StreamHandlers, StreamTransport } from '../../src/quic/transport/transport.ts';
import { listen, rawSession } from './support.ts';

test('the certificate is found in the resumption state, and nothing in what is cut short or altered in its lengths', async () => {
  const listener = await listen();
  const session = rawSession(listener);
  const state = await new Promise<Uint8Array>((resolve) => session.once('sessionTicket', resolve));
  const certificate = certificateOf(state);
  expect(certificate).toBeDefined();
  expect(new X509Certificate(certificate ?? '').subject).toBe('CN=lightspeed-node');
  const end = 8 + Number(new DataView(state.buffer, state.byteOffset).getBigUint64(0));
  for (let length = 0; length < end; length += 1) expect(certificateOf(state.subarray(0, length))).toBeUndefined();
});

test('any bytes at all are a certificate or none, never an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void certificateOf(bytes)),
    { numRuns: 2_000 },
  );
  const framed = fc
    .uint8Array({ maxLength: 120 })
    .map((content) => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, content.length + 2, 0x30, content.length, ...content));
  fc.assert(
    fc.property(framed, (bytes) => void certificateOf(bytes)),
    { numRuns: 2_000 },
  );
});

test('a peer has one form of its address, an IPv4-mapped one is the IPv4 address', () => {
  expect(peerAddress('::ffff:192.0.2.1', 1)).toEqual({ host: '192.0.2.1', port: 1 });
  expect(peerAddress('2001:DB8:0::1', 1)).toEqual({ host: '2001:db8::1', port: 1 });
  expect(peerAddress(undefined, undefined)).toEqual({ host: '', port: 0 });
});

test('what is listened on is one address, or those of the machine in the families that were asked for but link-local ones', () => {
  const local = ['127.0.0.1', '::1', '192.0.2.1', 'fe80::1%2'];
  expect(listenHosts('192.0.2.7', local)).toEqual(['192.0.2.7']);
  expect(listenHosts('0.0.0.0', local)).toEqual(['127.0.0.1', '192.0.2.1']);
  expect(listenHosts('::', local)).toEqual(['127.0.0.1', '::1', '192.0.2.1']);
  expect(listenHosts('::', Array(1_000).fill('127.0.0.1'))).toHaveLength(64);
  expect(localHosts()).toContain('127.0.0.1');
});

test('why an address cannot be bound is told from the words of the library', () => {
  const library = (errno: number, words: string) => new Error(`[h3:io|errno=${errno}] IO error: ${words} (os error ${errno})`);
  expect(isNotAvailable(library(99, 'Cannot assign requested address'))).toBe(true);
  expect(isNotAvailable(library(49, "Can't assign requested address"))).toBe(true);
  expect(isNotAvailable(library(98, 'Address already in use'))).toBe(false);
  expect(isInUse(library(98, 'Address already in use'))).toBe(true);
});

test('close codes are said with their names', () => {
  expect(describeCloseCode(CloseCode.rateLimited)).toBe('0x4c03 (rateLimited)');
  expect(describeCloseCode(0x178)).toBe('no application protocol that both have');
  expect(describeCloseCode(0x130)).toBe('no authority that is trusted here vouches for it');
  expect(describeCloseCode(0x1ff)).toBe('TLS alert 255');
  expect(describeCloseCode(0x9999)).toBe('0x9999');
});

test('a budget refills with time, up to its burst', () => {
  const budget = new Budget(100, 50, 0);
  expect(budget.spend(50, 0)).toBe(true);
  expect(budget.spend(1, 0)).toBe(false);
  expect(budget.spend(40, 500)).toBe(true);
  expect(budget.spend(50, 100_000)).toBe(true);
  expect(budget.spend(1, 100_000)).toBe(false);
});

test('limits outside of what is allowed are errors that name the option', async () => {
  await expect(listen({ maxConnections: 0 })).rejects.toThrow('maxConnections must be a whole number from 1 to 1000000, got 0');
  await expect(listen({ limits: { maxStreams: 0.5 } })).rejects.toThrow('limits.maxStreams');
  await expect(makeCertificate('no key')).rejects.toThrow();
});

/** A library that does what the test says, for what a real client cannot be made to do. */
function fakeConnection(): { connection: Connection; handlers: ConnectionHandlers; closes: number[] } {
  const closes: number[] = [];
  let handlers: ConnectionHandlers | undefined;
  const transport: ConnectionTransport = {
    peer: { host: '192.0.2.1', port: 1 },
    local: undefined,
    attach: (given) => {
      handlers = given;
    },
    openStream: () => fakeStream(1, []),
    ping: () => undefined,
    roundTripMs: () => undefined,
    close: (code) => {
      closes.push(code);
      return Promise.resolve();
    },
  };
  const runtime = { mode: 'native', driver: 'none', fellBack: undefined } as const;
  const connection = new Connection(transport, runtime, connectionLimits({ maxStreams: 2, maxRefusals: 3 }), 0);
  if (handlers === undefined) throw new Error('the connection attaches nothing');
  return { connection, handlers, closes };
}

function fakeStream(id: number, resets: number[]): StreamTransport & { handlers?: StreamHandlers } {
  return {
    id,
    bidirectional: (id & 2) === 0,
    attach: () => undefined,
    write: (_, done) => done(undefined),
    end: () => undefined,
    reset: (code) => void resets.push(code),
  };
}

test('unidirectional streams are reset, too many of them cost the connection', () => {
  const { connection, handlers, closes } = fakeConnection();
  const resets: number[] = [];
  for (const id of [2, 6, 10]) handlers.stream(fakeStream(id, resets));
  expect(resets).toEqual([StreamCode.unidirectional, StreamCode.unidirectional, StreamCode.unidirectional]);
  expect(connection.closed).toBeUndefined();
  handlers.stream(fakeStream(14, resets));
  expect(closes).toEqual([CloseCode.protocol]);
});

test('streams beyond those that may wait to be accepted are reset', () => {
  const { connection, handlers } = fakeConnection();
  const resets: number[] = [];
  for (const id of [0, 4, 8, 12]) handlers.stream(fakeStream(id, resets));
  expect(resets).toEqual([StreamCode.overflow, StreamCode.overflow]);
  expect(connection.closed).toBeUndefined();
});

test('streams that are opened without end cost the connection, even when each is empty', () => {
  const { connection, handlers, closes } = fakeConnection();
  for (let id = 0; connection.closed === undefined && id < 40_000; id += 4) {
    handlers.stream(fakeStream(id, []));
    void connection.streams().next();
  }
  expect(closes).toEqual([CloseCode.rateLimited]);
});
