import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { watchLongDatagrams } from '../src/node/long-datagram-watch.ts';

it('a node says once that datagrams were too long', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const lines: string[] = [];
  let dropped = 0;
  const end = watchLongDatagrams(() => dropped, pino({}, { write: (line) => void lines.push(line) }));
  vi.advanceTimersByTime(120_000);
  expect(lines).toEqual([]);
  dropped = 3;
  vi.advanceTimersByTime(60_000);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { datagrams: 3, msg: expect.stringContaining('over 8,970 bytes') as string },
  ]);
  dropped = 9;
  vi.advanceTimersByTime(600_000);
  expect(lines).toHaveLength(1);
  end();
});
