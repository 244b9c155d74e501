import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { closeFd, closeLedgerFds, createFdLedger, describeDataSocketFd, ledgerFds, openDataSocketFd, wakeEngine } from '@lightspeed/udp';
import { describe, expect, it } from 'vitest';
import type { CrashingWorkerData } from './support/crashing-worker.ts';
import { LOOPBACK, pattern, play, sendBytes, testEngine } from './support/scenario.ts';

/** What a descriptor stands for, such as 'socket:[4711]'; numbers alone are soon used again. */
function targetOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return 'nothing';
  }
}

describe('the batch engine in a worker', () => {
  it('leaves its descriptors to the ledger and its adopted socket to its successor', async () => {
    const fd = openDataSocketFd({ address: '127.0.0.1', port: 0 });
    const { port: dataPort, address } = describeDataSocketFd(fd);
    expect(address).toBe('127.0.0.1');
    using client = testEngine('batch');
    const socket = await client.open({ ip: LOOPBACK, port: 0 });
    const fdLedger = createFdLedger();
    const send = (seed: number) =>
      play(client, {
        start: () => sendBytes(client, socket, { localPort: dataPort }, pattern(20, seed)),
        done: () => true,
      });

    const workerData: CrashingWorkerData = { fd, fdLedger, ownSockets: 5 };
    const worker = new Worker(new URL('support/crashing-worker.ts', import.meta.url), { workerData });
    await send(1);
    const [fault] = (await once(worker, 'error')) as [Error];
    expect(fault.message).toBe('a fault in the packet path');

    // epoll, wake, alarm and five sockets; not the adopted one.
    const orphans = ledgerFds(fdLedger);
    expect(orphans).toHaveLength(8);
    expect(orphans).not.toContain(fd);
    const targets = orphans.map(targetOf);
    expect(targets.filter((target) => target.startsWith('socket:'))).toHaveLength(5);
    expect(closeLedgerFds(fdLedger)).toBe(8);
    orphans.forEach((orphan, index) => expect(targetOf(orphan)).not.toBe(targets[index]));
    expect(ledgerFds(fdLedger)).toEqual([]);

    // What arrives while nobody is there waits for the successor.
    await send(2);
    const successor = testEngine('batch', { fdLedger });
    const adopted = await successor.open({ ip: 0, port: 0, fd });
    expect(adopted.localPort).toBe(dataPort);
    const arrived: Uint8Array[] = [];
    await play(successor, { arrived: ({ payload }) => arrived.push(payload), done: () => arrived.length === 1 });
    expect(arrived).toEqual([pattern(20, 2)]);

    successor.close();
    expect(ledgerFds(fdLedger)).toEqual([]);
    const target = targetOf(fd);
    expect(target).toMatch(/^socket:/);
    closeFd(fd);
    expect(targetOf(fd)).not.toBe(target);
  });

  it('takes messages while it blocks, when woken from another thread', async () => {
    const worker = new Worker(new URL('support/woken-worker.ts', import.meta.url));
    // Its end may come together with its last message.
    const exited = once(worker, 'exit');
    const [wakeFd] = (await once(worker, 'message')) as [number];
    for (const number of [1, 2, 3, 4, 0]) {
      worker.postMessage(number);
      wakeEngine(wakeFd);
    }
    const [sum] = (await once(worker, 'message')) as [number];
    expect(sum).toBe(10);
    await exited;
  });

  it('opens nothing past the end of a small ledger', () => {
    const ledger = createFdLedger(32);
    // 32 descriptors are not enough for a test run, whose loop has some open; the engine's own may fit or not.
    let refused = 0;
    try {
      using engine = testEngine('batch', { fdLedger: ledger });
      for (let index = 0; index < 40; index++) {
        if (engine.openNow({ ip: LOOPBACK, port: 0 }) === undefined) refused++;
      }
      expect(engine.lastOpenError).toBe('EMFILE');
      expect(engine.counters.get('open_no_descriptors')).toBe(refused);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_UDP_INVALID_ARGUMENT' });
      refused++;
    }
    expect(refused).toBeGreaterThan(0);
    expect(ledgerFds(ledger)).toEqual([]);
  });

  it('refuses to adopt what is no socket', async () => {
    using engine = testEngine('batch');
    expect(engine.openNow({ ip: 0, port: 0, fd: engine.wakeFd ?? 0 })).toBeUndefined();
    expect(engine.lastOpenError).toBe('ENOTSOCK');
    expect(() => describeDataSocketFd(engine.wakeFd ?? 0)).toThrow(expect.objectContaining({ code: 'ERR_UDP_INVALID_ARGUMENT' }));
    using portable = testEngine('portable');
    await expect(portable.open({ ip: 0, port: 0, fd: 3 })).rejects.toMatchObject({ code: 'ERR_UDP_INVALID_ARGUMENT' });
  });
});
