import { KEEPALIVE_SLOT_MS } from '@lightspeed/control';
import type { OutgoingMessage, Pong } from '@lightspeed/control';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { clockUs } from '../src/base/clocks.ts';
import { ControlPings } from '../src/control/control-pings.ts';
import type { RegisteredConnection } from '../src/control/register.ts';
import { parseRegisterSettings } from '../src/settings/register-settings.ts';

const NODE = { host: '127.0.0.1', port: 4433, verify: { kind: 'insecure' } } as const;
/** QUIC ends a connection on which nothing comes for 30 s, and a keepalive may have to be sent again. */
const LONGEST_MS = 20_000;
/** By which a client may be late rather than be a slot too early. */
const SLACK_MS = 100;
const ROUND_TRIP_MS = 40;
/** Timers tell whole milliseconds. */
const TIMER_MS = 1;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** When a client sends something to a node whose clock is ahead: of ours, and of QUIC; and no more when it has stopped. */
function sentOver(ms: number, pingMs: number | undefined, aheadMs: number) {
  const settings = parseRegisterSettings({ nodes: [NODE], ...(pingMs === undefined ? {} : { pingMs }) }, 'standard');
  const pings = new ControlPings(settings, () => {
    throw new Error('every Ping is answered');
  });
  const ourMs: number[] = [];
  const quicMs: number[] = [];
  const nowMs = () => Number(clockUs()) / 1_000;
  const send = (message: OutgoingMessage) => {
    if (message.type !== 'ping') throw new Error(`only Pings are sent, not ${message.type}`);
    ourMs.push(nowMs());
    const serverTimestampUs = BigInt(Math.round((nowMs() + ROUND_TRIP_MS / 2 + aheadMs) * 1_000));
    const pong: Pong = { type: 'pong', echoedTimestampUs: message.timestampUs, serverTimestampUs, extensions: [] };
    setTimeout(() => pings.answered(pong), ROUND_TRIP_MS);
    return Promise.resolve();
  };
  pings.start({ stream: { send }, connection: { ping: () => quicMs.push(nowMs()) } } as unknown as RegisteredConnection);
  vi.advanceTimersByTime(ms);
  pings.stop();
  const all = [...ourMs, ...quicMs].sort((one, other) => one - other);
  vi.advanceTimersByTime(ms);
  expect(ourMs.length + quicMs.length).toBe(all.length);
  return { ourMs, quicMs, all };
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((ms, index) => ms - times[index]);
}

it.each([10_000, 20_000])('a client whose Pings are %i ms apart sends no PING of QUIC beside them', (pingMs) => {
  const { ourMs, quicMs } = sentOver(120_000, pingMs, 0);
  expect(ourMs).toHaveLength(1 + 120_000 / pingMs);
  expect(quicMs).toEqual([]);
});

it.each([0, 1_234.5, -86_400_000])('a connection is kept alive at moments of the clock of its node, which is %d ms ahead', (aheadMs) => {
  const { quicMs, all } = sentOver(600_000, undefined, aheadMs);
  for (const gapMs of gaps(all)) expect(gapMs).toBeLessThanOrEqual(LONGEST_MS + SLACK_MS);
  // The first is sent before the node's clock is known, and the second was planned then.
  for (const sentMs of all.slice(2)) {
    const arrivesMs = sentMs + ROUND_TRIP_MS / 2 + aheadMs;
    const besideMs = Math.abs(arrivesMs - Math.round(arrivesMs / KEEPALIVE_SLOT_MS) * KEEPALIVE_SLOT_MS);
    expect(besideMs).toBeLessThanOrEqual(2 * TIMER_MS);
  }
  expect(quicMs.length).toBeGreaterThanOrEqual(24);
});

it('a Ping of ours is sent every two minutes, in place of a PING of QUIC', () => {
  const { ourMs, all } = sentOver(600_000, undefined, 0);
  for (const gapMs of gaps(ourMs)) {
    expect(gapMs).toBeGreaterThan(120_000 - KEEPALIVE_SLOT_MS - 2 * TIMER_MS);
    expect(gapMs).toBeLessThanOrEqual(120_000 + SLACK_MS);
  }
  expect(ourMs.length).toBeGreaterThanOrEqual(5);
  for (const gapMs of gaps(all.slice(2))) expect(Math.abs(gapMs - LONGEST_MS)).toBeLessThanOrEqual(2 * TIMER_MS);
});
