import { Random } from '@lightspeed/netem';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startBot } from '../src/game/bot.ts';
import { GAME_HEADER_BYTES, GameKind, decodeGameDatagram, encodeGameDatagram } from '../src/game/datagram.ts';
import { startGameServer } from '../src/game/game-server.ts';
import { Arrivals, RoundTrips } from '../src/game/numbered-stream.ts';
import { TestPeer, until } from './support/udp.ts';

const datagram = { bot: 1, sequence: 0, acknowledged: 0, holdUs: 0 };

describe("a datagram of the lab's game", () => {
  it('comes back as it was', () => {
    const sent = { kind: GameKind.input, bot: 7, sequence: 70_000, acknowledged: 4, holdUs: 900_000 };
    expect(decodeGameDatagram(encodeGameDatagram(sent, 100))).toEqual(sent);
  });

  it('is recognised as changed, whichever byte was changed', () => {
    const bytes = encodeGameDatagram({ ...datagram, kind: GameKind.snapshot }, 60);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 0x40;
      expect(decodeGameDatagram(changed), `byte ${at}`).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeGameDatagram(bytes.subarray(0, length)), `cut to ${length}`).toBeUndefined();
    }
  });
});

describe('arrivals', () => {
  it('are counted as a set would', () => {
    const sequences = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(sequences, (numbers) => {
        const arrivals = new Arrivals();
        for (const number of numbers) arrivals.note(number);
        const different = new Set(numbers);
        expect(arrivals.received).toBe(different.size);
        expect(arrivals.duplicates).toBe(numbers.length - different.size);
        expect(arrivals.missing).toBe(Math.max(...numbers) - different.size);
      }),
    );
  });

  it('are counted on and on', () => {
    const arrivals = new Arrivals();
    for (let sequence = 1; sequence <= 20_000; sequence++) arrivals.note(sequence);
    arrivals.note(20_000);
    arrivals.note(1);
    expect(arrivals).toMatchObject({ received: 20_000, duplicates: 2, missing: 0 });
  });
});

describe('round trips', () => {
  it('leave out the time for which an acknowledgement was held back', () => {
    const trips = new RoundTrips();
    expect(trips.smoothedMs).toBe(-1);
    trips.sent(1, 1_000);
    trips.acknowledged(1, 30_000, 1_080);
    expect(trips.smoothedMs).toBe(50);
    // The same again says nothing new, and neither does one that was never sent.
    trips.acknowledged(1, 0, 5_000);
    trips.acknowledged(9, 0, 5_000);
    expect(trips.smoothedMs).toBe(50);
  });
});

describe('bots and a game server without anything between them', () => {
  it('lose nothing', async () => {
    const server = await startGameServer(new Random(1));
    const bots = await Promise.all([1, 2, 3].map((id) => startBot(id, server.address, new Random(id))));
    await until(
      () => bots.every(({ stats }) => stats().stream.received > 10) && server.stats().players.every(({ stream }) => stream.received > 10),
    );
    for (const bot of bots) bot.stopSending();
    server.stopSending();
    const playerOf = (index: number) => server.stats().players.find(({ bot }) => bot === index + 1);
    await until(() =>
      bots.every(({ stats }, index) => {
        const player = playerOf(index);
        return stats().stream.received === player?.stream.sent && stats().stream.sent === player.stream.received;
      }),
    );
    for (const { stats } of bots) {
      expect(stats()).toMatchObject({ joined: true, stream: { duplicates: 0, missing: 0 }, corrupted: 0, misdelivered: 0 });
      expect(stats().stream.rttMs).toBeGreaterThanOrEqual(0);
    }
    expect(server.stats()).toMatchObject({ corrupted: 0, misdelivered: 0 });
    await Promise.all([...bots, server].map((end) => end[Symbol.asyncDispose]()));
  });
});

describe('a bot', () => {
  it('notices what is changed, comes twice or is not for it', async () => {
    await using server = await TestPeer.open();
    const bot = await startBot(5, server.address, new Random(1));
    await until(() => server.arrivals.length > 0);
    const [join] = server.arrivals;
    expect(decodeGameDatagram(join.bytes)).toMatchObject({ kind: GameKind.join, bot: 5 });
    const snapshot = encodeGameDatagram({ ...datagram, kind: GameKind.snapshot, bot: 5, sequence: 1 }, 200);
    const changed = Buffer.from(snapshot);
    changed[GAME_HEADER_BYTES + 3] ^= 1;
    server.answer(join, snapshot);
    server.answer(join, snapshot);
    server.answer(join, changed);
    server.answer(join, encodeGameDatagram({ ...datagram, kind: GameKind.snapshot, bot: 6, sequence: 1 }, 200));
    server.answer(join, encodeGameDatagram({ ...datagram, kind: GameKind.snapshot, bot: 5, sequence: 3 }, 200));
    await until(() => bot.stats().stream.missing === 1);
    expect(bot.stats()).toMatchObject({ stream: { received: 2, duplicates: 1 }, corrupted: 1, misdelivered: 1, joined: false });
    await bot[Symbol.asyncDispose]();
  });
});

describe('a game server', () => {
  it('notices a bot that speaks from where another one joined', async () => {
    const server = await startGameServer(new Random(1));
    await using player = await TestPeer.open();
    await using other = await TestPeer.open();
    player.send(server.address, encodeGameDatagram({ ...datagram, kind: GameKind.join }, GAME_HEADER_BYTES));
    await until(() => server.stats().players.length === 1);
    const input = encodeGameDatagram({ ...datagram, kind: GameKind.input, sequence: 1 }, 50);
    other.send(server.address, input);
    await until(() => server.stats().misdelivered === 1);
    player.send(server.address, input);
    await until(() => server.stats().players[0].stream.received === 1);
    other.send(server.address, Buffer.from('noise'));
    await until(() => server.stats().corrupted === 1);
    await server[Symbol.asyncDispose]();
  });
});
