import fc from 'fast-check';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { percentile } from '../src/figures.ts';
import { Arrivals, openGameServer } from '../src/game/game-server.ts';
import { startGame } from '../src/game/game.ts';
import type { Game } from '../src/game/game.ts';
import { isWhole, lengthOf, readNumber, writeContent, writeNumbers } from '../src/payload.ts';
import { TestPeer, until } from './support/udp.ts';

/** A datagram of a game. */
function datagram(stream: number, number: number): Buffer {
  const bytes = Buffer.alloc(lengthOf(number));
  writeNumbers(bytes, 0, stream, number);
  writeContent(bytes, 0);
  return bytes;
}

/** A game whose server answers what `answers` says, by position: nothing, once, or more often. */
async function gameWith(answers: (position: number) => number): Promise<{ game: Game; server: TestPeer }> {
  const server = await TestPeer.open();
  const game = await startGame(server.address, 200);
  onTestFinished(async () => {
    await game[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  server.onArrival = (arrival, position) => {
    for (let copies = answers(position); copies > 0; copies--) server.answer(arrival, arrival.bytes);
  };
  return { game, server };
}

describe('a payload', () => {
  it('has the numbers that it was given, at lengths of a game', () => {
    const lengths = Array.from({ length: 500 }, (_, number) => datagram(7, number).length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([40, 199]);
    const bytes = datagram(7, 70_000);
    expect([readNumber(bytes, 0), readNumber(bytes, 4), isWhole(bytes, 0, bytes.length)]).toEqual([7, 70_000, true]);
  });

  it('is recognised as changed, whichever byte was changed', () => {
    const bytes = datagram(7, 70_000);
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 0x40]) {
        const changed = Buffer.from(bytes);
        changed[at] ^= bit;
        expect(isWhole(changed, 0, changed.length), `byte ${at}`).toBe(false);
      }
    }
    for (let length = 0; length < bytes.length; length++) expect(isWhole(bytes, 0, length), `cut to ${length}`).toBe(false);
  });
});

describe('arrivals', () => {
  it('are counted as a set would', () => {
    const sequences = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(sequences, (numbers) => {
        const arrivals = new Arrivals();
        for (const number of numbers) arrivals.note(number);
        const different = new Set(numbers);
        expect(arrivals.received).toBe(different.size);
        expect(arrivals.duplicates).toBe(numbers.length - different.size);
        expect(arrivals.missing).toBe(Math.max(...numbers) + 1 - different.size);
      }),
    );
  });

  it('are counted on and on', () => {
    const arrivals = new Arrivals();
    for (let number = 0; number < 20_000; number++) arrivals.note(number);
    arrivals.note(19_999);
    arrivals.note(1);
    expect(arrivals).toMatchObject({ received: 20_000, duplicates: 2, missing: 0 });
  });
});

describe('a game', () => {
  it('and its server lose nothing without anything between them', async () => {
    await using server = await openGameServer();
    await using game = await startGame(server.address, 200, 5);
    await using other = await startGame(server.address, 200, 6);
    await until(() => [game, other].every(({ report }) => report().answered > 10));
    const nothingElse = { missing: [], overtaken: 0, duplicates: 0, corrupted: 0, misdelivered: 0 };
    for (const each of [game, other]) {
      const { sent, ...report } = await each.finish();
      expect(report).toMatchObject({ answered: sent, ...nothingElse });
      expect(report.roundTripsMs).toHaveLength(sent);
      expect(server.games.get(each.stream)?.arrivals).toMatchObject({ received: sent, duplicates: 0, missing: 0 });
    }
    expect(server).toMatchObject({ counts: { corrupted: 0, moved: 0 }, sources: { size: 2 } });
  });

  it('counts what is lost, and what comes twice', async () => {
    const { game, server } = await gameWith((position) => (position === 3 ? 0 : position === 5 ? 2 : 1));
    await until(() => server.arrivals.length >= 20);
    const { sent, answered, missing, overtaken, duplicates } = await game.finish();
    expect({ lost: sent - answered, missing, overtaken, duplicates }).toEqual({ lost: 1, missing: [3], overtaken: 1, duplicates: 1 });
  });

  it('counts what is changed, is not for it, or was never sent', async () => {
    const { game, server } = await gameWith((position) => (position === 0 ? 0 : 1));
    await using stranger = await TestPeer.open();
    await until(() => server.arrivals.length > 0);
    const [first] = server.arrivals;
    const changed = Buffer.from(first.bytes);
    changed[20] ^= 1;
    server.answer(first, changed);
    server.answer(first, Buffer.from('never sent'));
    server.answer(first, datagram(game.stream ^ 1, 0));
    server.answer(first, datagram(game.stream, 1_000_000));
    stranger.answer(first, first.bytes);
    await until(() => game.report().corrupted === 2 && game.report().misdelivered === 3);
    expect((await game.finish()).missing).toEqual([0]);
  });

  it('knows the longest time without an answer, and counts anew after a mark', async () => {
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
});

describe('a game server', () => {
  it('notices what is changed, and a game that speaks from another address', async () => {
    await using server = await openGameServer();
    await using player = await TestPeer.open();
    await using other = await TestPeer.open();
    player.send(server.address, datagram(1, 0));
    await until(() => player.arrivals.length === 1);
    other.send(server.address, datagram(1, 1));
    other.send(server.address, datagram(1, 1));
    other.send(server.address, Buffer.from('noise'));
    await until(() => other.arrivals.length === 3);
    expect(server.counts).toEqual({ corrupted: 1, moved: 1 });
    expect(server.games.get(1)).toMatchObject({
      arrivals: { received: 2, duplicates: 1 },
      source: `127.0.0.1:${other.address.port}`,
    });
    expect(server.sources.size).toBe(2);
  });
});

test('a percentile is the value by nearest rank', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)]).toEqual([100, 198, 200]);
  expect(percentile([], 0.5)).toBeNaN();
});
