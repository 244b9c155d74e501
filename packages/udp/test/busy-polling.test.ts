import { createEngine } from '@lightspeed/udp';
import { describe, expect, it } from 'vitest';
import { LOOPBACK, pattern, play, sendBytes, testEngine } from './support/scenario.ts';

/** Waits of an engine that ticks five times, 4 ms apart, with nothing else to do. */
async function waitsOf(busyPollUs: number): Promise<number> {
  using engine = testEngine('batch', { busyPollUs });
  let ticks = 0;
  await engine.run({
    onDatagrams() {},
    onSent() {},
    onWake() {},
    onTick() {
      if (++ticks > 5) engine.stop();
      return 4;
    },
  });
  return engine.counters.get('wait_calls');
}

describe('busy polling', () => {
  it('asks again and again where an engine without it sleeps', async () => {
    const asleep = await waitsOf(0);
    expect(asleep).toBeLessThanOrEqual(12);
    expect(await waitsOf(1_000)).toBeGreaterThan(asleep);
  });

  it('ends when its time is over, so that an idle engine sleeps', async () => {
    // Twenty milliseconds of sleep, all but five times 1 µs: two looks each, and the wait itself.
    expect(await waitsOf(1)).toBeLessThanOrEqual(12 + 6 * 3);
  });

  it('loses and delays nothing', async () => {
    using engine = testEngine('batch', { busyPollUs: 200 });
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const receiver = await engine.open({ ip: LOOPBACK, port: 0 });
    const arrived: Uint8Array[] = [];
    await play(engine, {
      start: () => {
        for (let index = 0; index < 20; index++) sendBytes(engine, sender, receiver, pattern(9, index), index * 16);
        engine.wake();
      },
      arrived: ({ payload }) => arrived.push(payload),
      done: () => arrived.length === 20 && engine.counters.get('wakes') === 1,
    });
    expect(arrived).toEqual(Array.from({ length: 20 }, (_, index) => pattern(9, index)));
  });

  it('counts for which sockets the system lets the network card be polled as well', async () => {
    using engine = testEngine('batch', { busyPollUs: 50 });
    await engine.open({ ip: LOOPBACK, port: 0 });
    await engine.open({ ip: LOOPBACK, port: 0 });
    // Which of them depends on privileges, and is the same for all.
    const { busy_polled_sockets: granted, busy_poll_refused: refused } = engine.counters.snapshot();
    expect([granted, refused].toSorted()).toEqual([0, 2]);
    using sleeper = testEngine('batch');
    await sleeper.open({ ip: LOOPBACK, port: 0 });
    expect(sleeper.counters.snapshot()).toMatchObject({ busy_polled_sockets: 0, busy_poll_refused: 0 });
  });

  it('is refused by the portable engine, and outside of its range', () => {
    const refused = expect.objectContaining({ code: 'ERR_UDP_INVALID_ARGUMENT' }) as Error;
    expect(() => createEngine('portable', { busyPollUs: 50 })).toThrow(refused);
    expect(() => createEngine('batch', { busyPollUs: -1 })).toThrow(refused);
    expect(() => createEngine('batch', { busyPollUs: 1_000_001 })).toThrow(refused);
  });
});
