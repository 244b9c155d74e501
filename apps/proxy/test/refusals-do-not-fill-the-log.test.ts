import { pino } from 'pino';
import { expect, test } from 'vitest';
import { RefusalLog } from '../src/control/refusal-log.ts';

function collecting() {
  const lines: { readonly msg: string; readonly client?: string; readonly clients?: number }[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  return { refusals: new RefusalLog(log), lines };
}

test('each of a few refusals is a line', () => {
  const { refusals, lines } = collecting();
  for (let i = 0; i < 20; i++) refusals.note(`203.0.113.${i}`, 'the ticket has expired', i);
  expect(lines).toHaveLength(20);
  expect(lines[7]).toMatchObject({ msg: 'a client was refused', client: '203.0.113.7', why: 'the ticket has expired' });
  refusals.sumUp(1_000_000);
  expect(lines).toHaveLength(20);
});

test('of very many, those beyond the first are one line a minute', () => {
  const { refusals, lines } = collecting();
  for (let i = 0; i < 100_000; i++) refusals.note('203.0.113.1', 'no ticket', i);
  refusals.sumUp(120_000);
  const sums = lines.filter(({ msg }) => msg === 'more clients were refused');
  expect(lines.length - sums.length).toBe(40);
  expect(sums.map(({ clients }) => clients)).toEqual([60_000 - 20, 40_000 - 20]);
});

test('after a quiet time each is a line again', () => {
  const { refusals, lines } = collecting();
  for (let i = 0; i < 30; i++) refusals.note('203.0.113.1', 'no ticket', 0);
  refusals.note('203.0.113.2', 'no ticket', 60_000);
  expect(lines.slice(-2)).toMatchObject([{ clients: 10 }, { client: '203.0.113.2' }]);
});
