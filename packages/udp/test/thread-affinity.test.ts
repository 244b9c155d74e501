import { Worker } from 'node:worker_threads';
import { allowedCores, pinThread, UdpError } from '@lightspeed/udp';
import { describe, expect, it } from 'vitest';

/** Pins its thread, then says what the kernel knows about it and about the process's first thread. */
const PINNED = new URL('support/pinned-worker.ts', import.meta.url);

interface Seen {
  readonly own: string;
  readonly main: string;
  readonly allowed: readonly number[];
}

async function pinnedTo(core: number): Promise<Seen> {
  const worker = new Worker(PINNED, { workerData: core });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

describe('a thread', () => {
  it('may run on at least one core', () => {
    const cores = allowedCores();
    expect(cores.length).toBeGreaterThan(0);
    expect(cores).toEqual([...cores].sort((a, b) => a - b));
  });

  it('is kept on a core alone; the others of its process run where they did', async () => {
    const cores = allowedCores();
    for (const core of cores) {
      const { own, main, allowed } = await pinnedTo(core);
      expect(own).toBe(String(core));
      expect(allowed).toEqual([core]);
      if (cores.length > 1) expect(main).not.toBe(String(core));
    }
    expect(allowedCores()).toEqual(cores);
  });

  it('is refused cores that are not there', () => {
    const missing = 1_023;
    expect(allowedCores()).not.toContain(missing);
    expect(() => pinThread(missing)).toThrow(expect.objectContaining({ code: 'ERR_UDP_AFFINITY', errno: 'EINVAL' }) as UdpError);
    expect(() => pinThread(-1)).toThrow(UdpError);
    expect(() => pinThread(1_024)).toThrow(UdpError);
  });
});
