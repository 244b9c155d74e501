import { expect, test } from 'vitest';
import type { Relay } from '../src/relays/relay.ts';
import { measureWindow } from '../src/relays/window.ts';
import { measurement } from './support/measurement.ts';

const PLAN = { clients: 1, ratePps: 1_000, grainUs: 0, burst: 1, warmUpMs: 0, measureMs: 10 };

function relay(...lines: string[]): Relay {
  return { name: 'some relay', target: { framing: { kind: 'plain' }, address: { ip: 0x7f00_0001, port: 9 } }, pids: [], lines };
}

function answering(answered: number, late = 0) {
  return { window: async () => measurement({ sent: 10, answered, late }) };
}

test('no answer at all is an error that names the relay and shows what it has logged last', async () => {
  const measuring = measureWindow(answering(0), relay('cannot bind: address in use'), PLAN);

  await expect(measuring).rejects.toMatchObject({
    code: 'ERR_LAB_PROCESS',
    message: expect.stringMatching(/^some relay .*logged:\ncannot bind: address in use$/s) as string,
  });
});

test('one that has logged nothing is named, too', async () => {
  await expect(measureWindow(answering(0), relay(), PLAN)).rejects.toThrow('some relay has answered nothing; it has logged nothing');
});

test('answers that come too late are lost, and no error', async () => {
  const { loss } = await measureWindow(answering(0, 10), relay(), PLAN);

  expect(loss).toBe(1);
});
