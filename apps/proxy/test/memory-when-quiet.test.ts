import { pino } from 'pino';
import type { Logger } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { returnMemoryAfterSurges } from '../src/base/memory-return.ts';
import { eventually } from './support/eventually.ts';

const COUNTERS = { accepted: 0, refusedOverMax: 0, refusedOverMaxPerAddress: 0 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What was given back after what, in order. */
function returns(): { readonly said: string[]; readonly log: Logger } {
  const said: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) });
  return { said, log };
}

it('memory goes back ten seconds after the start', async () => {
  const { said, log } = returns();
  const end = returnMemoryAfterSurges(undefined, () => 0, log);
  await vi.advanceTimersByTimeAsync(9_999);
  expect(said).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await eventually(() => expect(said).toEqual(['gave memory back after the start']));
  end();
});

it('memory goes back ten seconds after a thousand sessions have opened, and not for a few less', async () => {
  const { said, log } = returns();
  let sessions = 0;
  const end = returnMemoryAfterSurges({ connections: 0, counters: COUNTERS }, () => sessions, log);
  await vi.advanceTimersByTimeAsync(20_000);
  sessions = 999;
  await vi.advanceTimersByTimeAsync(30_000);
  await eventually(() => expect(said).toHaveLength(1));
  sessions = 1_000;
  await vi.advanceTimersByTimeAsync(12_000);
  await eventually(() => expect(said.slice(1)).toEqual(['gave memory back after many sessions have opened']));
  end();
});

it('nothing is given back any more after the end', async () => {
  const { said, log } = returns();
  returnMemoryAfterSurges(undefined, () => 5_000, log)();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toEqual([]);
});
