import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RLIMIT_NOFILE } from '../src/linux/constants.ts';
import { libc, NativeBlock } from '../src/linux/libc.ts';
import { ENGINES, LOOPBACK, pattern, play, sendBytes, testEngine } from './support/scenario.ts';

/** Runs `body` while the process may open only `spare` descriptors more. */
async function withFewDescriptors(spare: number, body: () => Promise<void>): Promise<void> {
  const limits = new NativeBlock(16);
  libc().getrlimit(RLIMIT_NOFILE, limits.address);
  const soft = limits.words[0];
  const highest = Math.max(...readdirSync('/proc/self/fd').map(Number));
  limits.words[0] = highest + 1 + spare;
  libc().setrlimit(RLIMIT_NOFILE, limits.address);
  try {
    await body();
  } finally {
    limits.words[0] = soft;
    libc().setrlimit(RLIMIT_NOFILE, limits.address);
  }
}

describe.each(ENGINES)('the %s engine', (kind) => {
  it('gives no socket, but goes on, when the process is out of descriptors', async () => {
    using engine = testEngine(kind);
    const first = await engine.open({ ip: LOOPBACK, port: 0 });
    await withFewDescriptors(3, async () => {
      let refused = false;
      // Numbers below the limit may be free as well.
      for (let index = 0; index < 10_000 && !refused; index++) {
        refused = engine.openNow({ ip: LOOPBACK, port: 0 }) === undefined;
      }
      expect(refused).toBe(true);
      expect(engine.lastOpenError).toBe('EMFILE');
      expect(engine.counters.get('open_no_descriptors')).toBe(1);
      await expect(engine.open({ ip: LOOPBACK, port: 0 })).rejects.toMatchObject({ errno: 'EMFILE' });
    });
    let arrived = 0;
    await play(engine, {
      start: () => sendBytes(engine, first, first, pattern(8, 8)),
      arrived: () => arrived++,
      done: () => arrived === 1,
    });
  });
});

describe('the batch engine', () => {
  it('raises the limit of open descriptors to the most allowed', () => {
    const limits = new NativeBlock(16);
    libc().getrlimit(RLIMIT_NOFILE, limits.address);
    const [soft, , hard] = limits.words;
    limits.words[0] = hard - 1;
    libc().setrlimit(RLIMIT_NOFILE, limits.address);
    using _engine = testEngine('batch');
    libc().getrlimit(RLIMIT_NOFILE, limits.address);
    expect(limits.words[0]).toBe(hard);
    expect(soft).toBe(hard);
    expect(readFileSync('/proc/self/limits', 'utf8')).toMatch(new RegExp(`Max open files +${hard} +${hard} `));
  });

  it('counts what the kernel drops in front of a full socket', async () => {
    using engine = testEngine('batch');
    const SENT = 500;
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const receiver = await engine.open({ ip: LOOPBACK, port: 0, receiveBufferBytes: 4_096 });
    let arrived = 0;

    await play(engine, {
      // All leave before the receiver's turn comes.
      start() {
        for (let index = 0; index < SENT; index++) sendBytes(engine, sender, receiver, pattern(1_000, 0));
      },
      arrived: () => arrived++,
      // The engine looks by itself, at its leisure.
      done: () => engine.counters.get('kernel_drops') > 0,
    });

    expect(engine.counters.get('kernel_drops')).toBe(SENT - arrived);
    expect(receiver.kernelDrops()).toBe(SENT - arrived);
    expect(sender.kernelDrops()).toBe(0);
    expect(arrived).toBeLessThan(SENT);
  });

  it('counts drops of a socket that is closed before the engine looked', async () => {
    using engine = testEngine('batch');
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const receiver = await engine.open({ ip: LOOPBACK, port: 0, receiveBufferBytes: 4_096 });
    await play(engine, {
      start() {
        for (let index = 0; index < 200; index++) sendBytes(engine, sender, receiver, pattern(1_000, 0));
      },
      done: () => true,
    });
    receiver.close();
    expect(engine.counters.get('kernel_drops')).toBeGreaterThan(100);
    expect(engine.counters.get('kernel_drops')).toBe(receiver.kernelDrops());
  });

  it('lets no busy socket keep the others waiting', async () => {
    using engine = testEngine('batch', { batchSize: 8 });
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const busy = await engine.open({ ip: LOOPBACK, port: 0 });
    const quiet = await engine.open({ ip: LOOPBACK, port: 0 });
    let before = 0;
    let heard = false;

    await play(engine, {
      start() {
        for (let index = 0; index < 1_000; index++) sendBytes(engine, sender, busy, pattern(10, 0));
        sendBytes(engine, sender, quiet, pattern(10, 0));
      },
      arrived({ socket }) {
        if (socket === busy && !heard) before++;
        if (socket === quiet) heard = true;
      },
      done: () => heard,
    });

    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThanOrEqual(2 * 8);
  });
});
