import { expect, it, onTestFinished } from 'vitest';
import { percentile } from '../src/figures.ts';
import { startEchoGame } from '../src/game/echo-game.ts';
import type { EchoGame } from '../src/game/echo-game.ts';
import { TestPeer, until } from './support/udp.ts';

/** A game whose server answers what `answers` says, by position: nothing, once, or more often. */
async function gameWith(answers: (position: number) => number): Promise<{ game: EchoGame; server: TestPeer }> {
  const server = await TestPeer.open();
  const game = await startEchoGame(server.address, 200);
  onTestFinished(async () => {
    await game[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  server.onArrival = (arrival, position) => {
    for (let copies = answers(position); copies > 0; copies--) server.answer(arrival, arrival.bytes);
  };
  return { game, server };
}

it('all is answered', async () => {
  const { game, server } = await gameWith(() => 1);
  await until(() => server.arrivals.length >= 20);
  const { sent, answered, missing, duplicates, strange, roundTripsMs } = await game.finish();
  expect({ answered, missing, duplicates, strange }).toEqual({ answered: sent, missing: [], duplicates: 0, strange: 0 });
  expect(roundTripsMs).toHaveLength(sent);
});

it('what is lost, what comes twice and what is strange is counted', async () => {
  const { game, server } = await gameWith((position) => (position === 3 ? 0 : position === 5 ? 2 : 1));
  await until(() => server.arrivals.length >= 20);
  server.answer(server.arrivals[0], Buffer.from('never sent'));
  const { sent, answered, missing, duplicates, strange } = await game.finish();
  expect({ lost: sent - answered, missing, duplicates, strange }).toEqual({ lost: 1, missing: [3], duplicates: 1, strange: 1 });
});

it('the longest time without an answer counts, and counts anew after a mark', async () => {
  // Two seconds: longer than a busy machine keeps a process waiting afterwards.
  const { game, server } = await gameWith((position) => (position >= 10 && position < 410 ? 0 : 1));
  await until(() => server.arrivals.length >= 420);
  const during = await game.mark();
  expect(during.missing[0]).toBe(10);
  expect(during.sent - during.answered).toBe(400);
  expect(during.longestGapMs).toBeGreaterThan(1_000);
  const after = await game.finish();
  expect(after.answered).toBe(after.sent);
  expect(after.longestGapMs).toBeLessThan(during.longestGapMs);
});

it('a percentile is the value by nearest rank', () => {
  const values = Array.from({ length: 200 }, (_, index) => index + 1);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)]).toEqual([100, 198, 200]);
  expect(percentile([], 0.5)).toBeNaN();
});
