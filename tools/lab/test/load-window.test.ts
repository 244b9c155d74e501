import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import { expect, test } from 'vitest';
import { Framing } from '../src/load/framing.ts';
import { LstpFraming, lstpSessions } from '../src/load/lstp-framing.ts';
import { Schedule } from '../src/load/schedule.ts';
import { GAME_SERVER, WindowRun } from '../src/load/window-run.ts';
import { PAYLOAD_BYTES } from '../src/payload.ts';

const RELAY = { ip: 0x7f00_0001, port: 4_000 };
const CLIENTS = 2;

function socket(tag: number): DatagramSocket {
  return {
    ...{ id: tag, tag, localIp: RELAY.ip, localPort: 1, receiveBufferBytes: 0, sendBufferBytes: 0 },
    close: () => undefined,
    kernelDrops: () => 0,
  };
}

/**
 * A window of ten packets, one a millisecond, on a clock that the test moves and an engine that only notes what is sent.
 * @param maxUnanswered of a careful run.
 */
function openWindow(maxUnanswered?: number) {
  const sent: { readonly tag: number; readonly bytes: Uint8Array }[] = [];
  const bytes = new Uint8Array(16_384);
  const [offsets, lengths, ips, ports, locals, localPorts] = Array.from({ length: 6 }, () => new Int32Array(1));
  const received = { offsets, lengths, ips, ports, locals, localPorts };
  let nowUs = 0;
  let stopped = false;
  const engine: DatagramEngine = {
    ...{
      kind: 'portable',
      arena: { bytes, reserve: { start: 0, lengthBytes: 8_192 } } as DatagramEngine['arena'],
      received,
      counters: {} as DatagramEngine['counters'],
    },
    ...{
      maxDatagramBytes: 9_000,
      wakeFd: undefined,
      lastOpenError: '',
      addresses: {} as DatagramEngine['addresses'],
      clockUs: 0,
      clockMs: 0,
    },
    open: () => Promise.reject(new Error('there are sockets enough')),
    openNow: () => undefined,
    send: ({ tag }, offset, lengthBytes) => sent.push({ tag, bytes: bytes.slice(offset, offset + lengthBytes) }),
    flush: () => undefined,
    run: () => Promise.resolve(),
    stop: () => (stopped = true),
    tickWithin: () => undefined,
    wake: () => undefined,
    close: () => undefined,
    [Symbol.dispose]: () => undefined,
    nowUs: () => nowUs,
  };
  const schedule = new Schedule({
    startUs: 0,
    clients: CLIENTS,
    ratePps: 1_000,
    grainUs: 0,
    burst: 1,
    warmUpMs: 0,
    guardMs: 0,
    measureMs: 10,
  });
  const sockets = Array.from({ length: CLIENTS }, (_, client) => socket(client));
  const run = new WindowRun({
    ...{ engine, window: 7, framing: new Framing(), relay: RELAY, sockets, schedule },
    ...{ bufferBytes: 8_192, timeoutMs: 50, maxUnanswered },
  });
  return {
    schedule,
    sent,
    result: () => run.result(0),
    isOver: () => stopped,
    moveTo(us: number) {
      nowUs = us;
      run.onTick();
    },
    /** Hands a datagram to a client, or to the game server. */
    arrives(tag: number, payload: Uint8Array, from = RELAY) {
      bytes.set(payload, 12_000);
      received.offsets[0] = 12_000;
      received.lengths[0] = payload.length;
      received.ips[0] = from.ip;
      received.ports[0] = from.port;
      run.onDatagrams(socket(tag), 1);
    },
  };
}

test('packets leave when they are due, each from its own client', () => {
  const window = openWindow();
  window.moveTo(1_999);
  const first = window.sent.length;
  window.moveTo(20_000);

  expect(first).toBe(2);
  expect(window.sent).toHaveLength(10);
  expect(new Set(window.sent.slice(0, 2).map(({ tag }) => tag))).toEqual(new Set([0, 1]));
  expect(window.sent[0].bytes).toHaveLength(PAYLOAD_BYTES);
});

test('an answer counts once, at its own client, and the window ends with the last', () => {
  const window = openWindow();
  window.moveTo(12_000);
  const [first] = window.sent;
  window.arrives(first.tag, first.bytes);
  window.arrives(first.tag, first.bytes);
  window.arrives(1 - first.tag, window.sent[2].bytes);
  const early = window.result();
  for (const { tag, bytes } of window.sent) window.arrives(tag, bytes);
  window.moveTo(12_001);

  expect(early).toMatchObject({ sent: 10, answered: 1, duplicates: 1, misdelivered: 1 });
  expect(window.result()).toMatchObject({ answered: 10, late: 0 });
  expect(window.isOver()).toBe(true);
});

test('latency counts from when a packet was due, not from when it left', () => {
  const window = openWindow();
  window.moveTo(15_000);
  for (const { tag, bytes } of window.sent) window.arrives(tag, bytes);

  // All left and came back at once, the first of them some 15 ms late.
  expect(window.result().p999Us).toBeGreaterThan(13_000);
  expect(window.result().lateP99Us).toBeGreaterThan(13_000);
});

test('percentiles of latencies are within a thousandth, and those of nothing are no numbers', () => {
  const window = openWindow();
  const before = window.result();
  window.moveTo(12_000);
  window.moveTo(90_000);
  for (const { tag, bytes } of window.sent) window.arrives(tag, bytes);
  const { p50Us, maxUs } = window.result();

  const latenciesUs = window.sent.map((_packet, number) => 90_000 - window.schedule.dueUs(number)).toSorted((a, b) => a - b);
  expect(Math.abs(p50Us - latenciesUs[4])).toBeLessThan(90);
  expect(Math.abs(maxUs - latenciesUs[9])).toBeLessThan(90);
  expect(before).toMatchObject({ answered: 0, p50Us: NaN, maxUs: NaN, lateP99Us: NaN });
});

test('what comes after 100 ms is late, and a silence ends the window', () => {
  const window = openWindow();
  window.moveTo(12_000);
  window.moveTo(105_000);
  for (const { tag, bytes } of window.sent.slice(0, 4)) window.arrives(tag, bytes);
  const over = window.isOver();
  window.moveTo(200_000);

  expect(window.result()).toMatchObject({ answered: 0, late: 4 });
  expect([over, window.isOver()]).toEqual([false, true]);
});

test('answers of other relays and of earlier windows do not count', () => {
  const window = openWindow();
  window.moveTo(12_000);
  const [first, second] = window.sent;
  window.arrives(first.tag, first.bytes, { ip: RELAY.ip, port: 4_001 });
  const stale = second.bytes.slice();
  stale[3] = 6;
  window.arrives(second.tag, stale);

  expect(window.result()).toMatchObject({ answered: 0, late: 0, duplicates: 0, misdelivered: 0 });
});

test('the game server sends everything back to where it came from', () => {
  const window = openWindow();
  window.arrives(GAME_SERVER, Uint8Array.of(1, 2, 3), { ip: 5, port: 6 });

  expect(window.sent).toEqual([{ tag: GAME_SERVER, bytes: Uint8Array.of(1, 2, 3) }]);
});

test('a careful run looks at content and length, and has no more packets without an answer than it may', () => {
  const window = openWindow(4);
  window.moveTo(12_000);
  const [first, second, third, fourth, ...more] = window.sent;
  const changed = second.bytes.slice();
  changed[20] ^= 1;
  window.arrives(first.tag, first.bytes);
  window.arrives(second.tag, changed);
  window.arrives(third.tag, third.bytes.subarray(0, third.bytes.length - 1));
  window.moveTo(12_001);

  expect(more).toEqual([]);
  expect(fourth.bytes.length).not.toBe(first.bytes.length);
  expect(window.sent).toHaveLength(5);
  expect(window.result()).toMatchObject({ answered: 1, corrupted: 2, toRelay: 5 });
});

test('an answer of a node must have the token and addresses of its own client and server', () => {
  const bytes = new Uint8Array(512);
  const sessions = lstpSessions(
    2,
    [7, 8].map((token) => ({ sessionId: token, token, secret: new Uint8Array(16) })),
  );
  const framing = new LstpFraming(bytes, sessions, [{ ip: RELAY.ip, port: 9 }]);
  framing.wrap(1, 100, 50, 0);
  // A node answers with the addresses the other way round.
  bytes.copyWithin(200, 80, 150);
  bytes.copyWithin(208, 92, 96);
  bytes.copyWithin(212, 88, 92);
  bytes.copyWithin(216, 98, 100);
  bytes.copyWithin(218, 96, 98);

  expect(framing.unwrap(1, 200, 70)).toBe(220);
  expect(framing.unwrap(0, 200, 70)).toBe(-2);
  expect(framing.unwrap(1, 80, 70)).toBe(-2);
  expect(framing.unwrap(1, 200, 19)).toBe(-1);
});
