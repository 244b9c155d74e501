import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LimitedLog } from '../src/base/limited-log.ts';

const LINES = { level: 'warn', one: 'a client was refused', more: 'more clients were refused' } as const;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function collecting() {
  const lines: { readonly level: number; readonly msg: string; readonly client?: string; readonly clients?: number }[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  return { refusals: new LimitedLog(log, LINES), lines };
}

test('each of a few clients is a line', () => {
  const { refusals, lines } = collecting();
  for (let i = 0; i < 20; i++) refusals.note(`203.0.113.${i}`, { why: 'the ticket has expired' });
  expect(lines).toHaveLength(20);
  expect(lines[7]).toMatchObject({ level: 40, msg: LINES.one, client: '203.0.113.7', why: 'the ticket has expired' });
  vi.advanceTimersByTime(1_000_000);
  expect(lines).toHaveLength(20);
});

test('of very many, those beyond the first are one line a minute', () => {
  const { refusals, lines } = collecting();
  for (let i = 0; i < 100_000; i++) {
    refusals.note('203.0.113.1', { why: 'no ticket' });
    vi.advanceTimersByTime(1);
  }
  vi.advanceTimersByTime(60_000);
  const sums = lines.filter(({ msg }) => msg === LINES.more);
  expect(lines.length - sums.length).toBe(40);
  expect(sums.map(({ level, clients }) => [level, clients])).toEqual([
    [40, 60_000 - 20],
    [40, 40_000 - 20],
  ]);
});

test('after a quiet time each is a line again', () => {
  const { refusals, lines } = collecting();
  for (let i = 0; i < 30; i++) refusals.note('203.0.113.1', { why: 'no ticket' });
  vi.advanceTimersByTime(60_000);
  refusals.note('203.0.113.2', { why: 'no ticket' });
  expect(lines.slice(-2)).toMatchObject([{ clients: 10 }, { client: '203.0.113.2' }]);
});

test('what is unsaid is said at the end', () => {
  const { refusals, lines } = collecting();
  for (let i = 0; i < 21; i++) refusals.note('203.0.113.1', { why: 'no ticket' });
  refusals.end();
  expect(lines.at(-1)).toMatchObject({ clients: 1 });
  expect(vi.getTimerCount()).toBe(0);
});
