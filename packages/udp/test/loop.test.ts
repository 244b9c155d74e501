import { describe, expect, it } from 'vitest';
import { ENGINES, LOOPBACK, pattern, play, sendBytes, testEngine } from './support/scenario.ts';

describe.each(ENGINES)('the %s engine', (kind) => {
  it('calls onTick at the start and then not before the time that it asked for', async () => {
    using engine = testEngine(kind);
    const waits = [0, 1, 5, 20, 3];
    const calls: number[] = [];

    await engine.run({
      onDatagrams() {},
      onSent() {},
      onWake() {},
      onTick() {
        calls.push(engine.clockMs);
        if (calls.length > waits.length) engine.stop();
        return waits[calls.length - 1] ?? 0;
      },
    });

    waits.forEach((waitMs, index) => {
      // The wait counts from the time that the engine took the call to be. Milliseconds are whole, and so are those of node's timers.
      expect(calls[index + 1] - calls[index]).toBeGreaterThanOrEqual(waitMs - 1);
    });
  });

  it('takes any number of wakes, before or during its run, as one or more', async () => {
    using engine = testEngine(kind);
    let wakes = 0;
    engine.wake();
    engine.wake();

    await play(engine, { onWake: () => wakes++, done: () => wakes === 1 });
    expect(engine.counters.get('wakes')).toBe(1);
    await play(engine, { start: () => engine.wake(), onWake: () => wakes++, done: () => wakes === 2 });
  });

  it('can run again after a stop, and has kept what arrived in between', async () => {
    using engine = testEngine(kind);
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const receiver = await engine.open({ ip: LOOPBACK, port: 0 });

    await play(engine, { start: () => sendBytes(engine, sender, receiver, pattern(7, 7)), done: () => true });
    // The portable engine hears from the kernel on this loop only.
    await new Promise((resolve) => setImmediate(resolve));
    const arrived: Uint8Array[] = [];
    await play(engine, { arrived: ({ payload }) => arrived.push(payload), done: () => arrived.length === 1 });

    expect(arrived).toEqual([pattern(7, 7)]);
  });

  it('sends what was queued before a stop', async () => {
    using engine = testEngine(kind);
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const receiver = await engine.open({ ip: LOOPBACK, port: 0 });
    await play(engine, {
      start() {
        sendBytes(engine, sender, receiver, pattern(3, 3));
        engine.stop();
      },
      done: () => false,
    });
    expect(engine.counters.get('datagrams_sent')).toBe(1);
  });

  it('rejects with what the handler throws, and can be closed after it', async () => {
    using engine = testEngine(kind);
    const fault = new Error('a fault of the handler');
    const run = engine.run({
      onDatagrams() {},
      onSent() {},
      onWake() {},
      onTick() {
        throw fault;
      },
    });
    await expect(run).rejects.toBe(fault);
  });

  it('ends its run when it is closed within it, and cannot be used afterwards', async () => {
    const engine = testEngine(kind);
    await engine.open({ ip: LOOPBACK, port: 0 });
    await play(engine, { start: () => engine.close(), done: () => false });
    await expect(play(engine, { done: () => true })).rejects.toMatchObject({ code: 'ERR_UDP_STATE' });
    expect(() => engine.openNow({ ip: LOOPBACK, port: 0 })).toThrow(expect.objectContaining({ code: 'ERR_UDP_STATE' }));
    expect(engine.counters.get('sockets_open')).toBe(0);
  });

  it('tells the time of a call as int32 patterns of the clock that other threads see', async () => {
    using engine = testEngine(kind);
    let lagUs = Number.NaN;
    let drift = Number.NaN;
    await play(engine, {
      start() {
        lagUs = (engine.nowUs() - engine.clockUs) | 0;
        drift = (Math.floor(engine.nowUs() / 1_000) - engine.clockMs) | 0;
      },
      done: () => true,
    });
    expect(lagUs).toBeGreaterThanOrEqual(0);
    expect(lagUs).toBeLessThan(1_000_000);
    expect(drift).toBeGreaterThanOrEqual(0);
    expect(drift).toBeLessThan(1_000);
    expect(Math.abs(Number(process.hrtime.bigint() / 1_000n) - engine.nowUs())).toBeLessThan(1_000_000);
  });
});
