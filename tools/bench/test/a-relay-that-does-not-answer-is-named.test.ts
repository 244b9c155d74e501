import { expect, test } from 'vitest';
import type { RelayUnderTest } from '../src/macro/relay-under-test.ts';
import { measureWindow } from '../src/macro/window.ts';
import type { LoadSource } from '../src/macro/window.ts';
import { measurement } from './support/measurement.ts';

const PLAN = { clients: 1, ratePps: 1_000, grainUs: 0, burst: 1, warmUpMs: 0, measureMs: 10 };

function relay(logTail: string): RelayUnderTest {
  return {
    ...{ name: 'some relay', command: 'relay', pids: [], shares: 1 },
    target: { name: 'some relay', framing: { kind: 'plain' }, address: { ip: 0x7f00_0001, port: 9 } },
    logTail: () => logTail,
    stop: async () => undefined,
  };
}

function answering(answered: number, late = 0): LoadSource {
  return { window: async () => measurement({ sent: 10, answered, late }) };
}

test('no answer at all is an error that names the relay and shows what it has logged last', async () => {
  const measuring = measureWindow(answering(0), relay('cannot bind: address in use'), PLAN);

  await expect(measuring).rejects.toMatchObject({
    code: 'ERR_BENCH_RELAY',
    message: expect.stringMatching(/^some relay .*logged:\ncannot bind: address in use$/s) as string,
  });
});

test('one that has logged nothing is named, too', async () => {
  await expect(measureWindow(answering(0), relay(''), PLAN)).rejects.toThrow('some relay has answered nothing; it has logged nothing');
});

test('answers that come too late are lost, and no error', async () => {
  const { loss } = await measureWindow(answering(0, 10), relay(''), PLAN);

  expect(loss).toBe(1);
});

test('what control connections cost is part of the cost of a round trip', async () => {
  const connected = { ...relay(''), controlNsPerSecond: 1_000_000 };
  const { cpuUsPerRoundTrip } = await measureWindow(answering(10), connected, { ...PLAN, clients: 100 });

  // 1,000 µs a second for 1,000 round trips a second.
  expect(cpuUsPerRoundTrip).toBeCloseTo(1);
});
