import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Impairments } from '@lightspeed/netem';
import { SERVER, OTHER_SERVER } from './support/lstp-client.ts';
import { World } from './support/world.ts';

const PROGRAMS = [
  { ip: 0x7f000001, port: 5_001 },
  { ip: 0x7f000001, port: 5_002 },
];

/** By then a tunnel is open over any link of these tests: a loss of 40 % is some 30 handshakes in a row that would have to fail. */
const LATEST_START_MS = 120_000;

interface Result {
  readonly world: World;
  readonly sentUp: number;
  readonly deliveredUp: number;
  readonly sentDown: number;
  readonly deliveredDown: number;
}

/**
 * Plays a game of `packets` datagrams from each of two programs behind each tunnel, to two servers in turn, each answered
 * once. Throws if anything arrives that was not sent, arrives twice, or arrives where it does not belong.
 */
function play(seed: number, link: Impairments, fecGroupSize: number, packets: number, tunnels = 2, gapMs = 7): Result {
  const world = new World({ seed, tunnels, link, tunnel: { fecGroupSize, keepaliveMs: 1_000, maxKeepaliveMisses: 1_000 } });
  const up = new Map<string, boolean>();
  const down = new Map<string, boolean>();
  const keyOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
  const deliver = (ledger: Map<string, boolean>, bytes: Uint8Array) => {
    const key = keyOf(bytes);
    const before = ledger.get(key);
    if (before === undefined) throw new Error(`seed ${seed}: something arrived that nobody sent: ${key.slice(0, 40)}`);
    if (before) throw new Error(`seed ${seed}: arrived twice: ${key.slice(0, 40)}`);
    ledger.set(key, true);
  };
  world.onServer = (datagram, answer) => {
    deliver(up, datagram.bytes);
    // Answers are of another length than their questions, and name them.
    const text = keyOf(datagram.bytes);
    const reply = Buffer.from(`re ${text.slice(0, text.indexOf('|') + 1)}${'y'.repeat((text.length * 7) % 900)}`, 'latin1');
    down.set(keyOf(reply), false);
    answer(reply);
  };
  for (const { host } of world.tunnels) host.open();
  world.run(6_000);
  // A handshake may be lost many times in a row.
  while (world.tunnels.some(({ host }) => host.tunnel.state === 'opening') && world.simulation.nowMs < LATEST_START_MS) world.run(100);

  world.tunnels.forEach(({ host }, tunnel) => {
    for (let n = 0; n < packets; n++) {
      PROGRAMS.forEach((program, p) => {
        world.simulation.at(world.simulation.nowMs + n * gapMs + p, () => {
          const server = n % 3 === 0 ? OTHER_SERVER : SERVER;
          const payload = Buffer.from(`t${tunnel} p${p} n${n} s${server.port}|${'x'.repeat((n * 97) % 1_400)}`, 'latin1');
          up.set(keyOf(payload), false);
          host.nowMs = world.simulation.nowMs;
          host.fromLocal(payload, program, server);
        });
      });
    }
  });
  const taken: [number, number, Uint8Array][] = [];
  for (let ms = 0; ms < packets * gapMs + 3_000; ms += 100) {
    world.run(100);
    world.tunnels.forEach(({ host }, tunnel) => {
      for (const { port, bytes } of host.takeToLocal()) taken.push([tunnel, port, bytes]);
    });
  }
  for (const [tunnel, port, bytes] of taken) {
    deliver(down, bytes);
    const belongs = `re t${tunnel} p${PROGRAMS.findIndex((program) => program.port === port)} `;
    if (!keyOf(bytes).startsWith(belongs)) throw new Error(`seed ${seed}: ${keyOf(bytes).slice(0, 30)} arrived at ${belongs}`);
  }
  const delivered = (ledger: Map<string, boolean>) => [...ledger.values()].filter(Boolean).length;
  return { world, sentUp: up.size, deliveredUp: delivered(up), sentDown: down.size, deliveredDown: delivered(down) };
}

describe('a session over a network', () => {
  it('that loses, delays, reorders and duplicates delivers only what was sent, each at most once', () => {
    const impairments = fc.record({
      loss: fc.double({ min: 0, max: 0.4, noNaN: true }),
      delayMs: fc.integer({ min: 1, max: 80 }),
      jitterMs: fc.integer({ min: 0, max: 120 }),
      duplicate: fc.double({ min: 0, max: 0.3, noNaN: true }),
      reorder: fc.double({ min: 0, max: 0.2, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.nat(1_000_000), impairments, fc.constantFrom(0, 1, 2, 4, 7, 32), (seed, link, fecGroupSize) => {
        const { sentUp, deliveredUp } = play(seed, link, fecGroupSize, 40);
        expect(sentUp).toBe(160);
        expect(deliveredUp).toBeGreaterThan(0);
      }),
      { numRuns: 60, examples: [[7, { loss: 0.4, delayMs: 20, jitterMs: 120, duplicate: 0.3, reorder: 0.2 }, 1]] },
    );
  });

  it('that is perfect delivers everything, both ways, with FEC and without', () => {
    for (const fecGroupSize of [0, 1, 4, 32]) {
      const { sentUp, deliveredUp, sentDown, deliveredDown, world } = play(3, { delayMs: 10 }, fecGroupSize, 100);
      expect([deliveredUp, deliveredDown]).toEqual([sentUp, sentDown]);
      expect(world.relay.drops()).toEqual({});
      for (const { host } of world.tunnels) expect(host.drops()).toEqual({});
    }
  });

  it('that only delays and reorders repairs nothing and drops nothing, at either end', () => {
    for (const fecGroupSize of [1, 2, 4, 32]) {
      const { sentUp, deliveredUp, sentDown, deliveredDown, world } = play(
        4,
        { delayMs: 20, jitterMs: 8, reorder: 0.05 },
        fecGroupSize,
        400,
        2,
        3,
      );
      expect([deliveredUp, deliveredDown]).toEqual([sentUp, sentDown]);
      expect(world.relay.drops()).toEqual({});
      expect([world.relay.count('fecRecovered'), world.relay.count('fecLost')]).toEqual([0, 0]);
      expect(world.relay.count('sequenceLate')).toBeGreaterThan(20);
      for (const { host } of world.tunnels) {
        expect(host.drops()).toEqual({});
        expect([host.count('fecRecovered'), host.count('fecLost')]).toEqual([0, 0]);
        expect(host.count('sequenceLate')).toBeGreaterThan(20);
      }
    }
  });

  it('that loses single packets loses much less to the game with FEC than without', () => {
    const link = { loss: 0.05, delayMs: 20, jitterMs: 5 };
    const lossOf = ({ sentUp, deliveredUp, sentDown, deliveredDown }: Result) => 1 - (deliveredUp + deliveredDown) / (sentUp + sentDown);
    const plain = lossOf(play(11, link, 0, 600));
    const fec = lossOf(play(11, link, 4, 600));
    expect(plain).toBeGreaterThan(0.03);
    expect(fec).toBeLessThan(plain / 2);
  });

  it('that is cut for twenty seconds goes on afterwards in the same session', () => {
    const world = new World({ seed: 5, tunnels: 1, link: { delayMs: 10 } });
    const [tunnel] = world.tunnels;
    if (tunnel === undefined) throw new Error('no tunnel');
    const { host, link } = tunnel;
    world.onServer = ({ bytes }, answer) => answer(bytes);
    host.open();
    world.run(1_000);
    const ask = () => {
      host.nowMs = world.simulation.nowMs;
      host.fromLocal(Buffer.from(`${world.simulation.nowMs}`), PROGRAMS[0] ?? SERVER, SERVER);
      world.run(500);
      return host.takeToLocal().length;
    };
    expect(ask()).toBe(1);
    link.aToB.change({ loss: 1 });
    link.bToA.change({ loss: 1 });
    world.run(20_000);
    expect(host.tunnel.state).toBe('lost');
    link.aToB.change({ loss: 0 });
    link.bToA.change({ loss: 0 });
    world.run(10_000);
    expect(host.tunnel.state).toBe('established');
    expect(ask()).toBe(1);
    expect(world.relay.count('sessionsOpened')).toBe(1);
  });

  it('whose node forgets it gets a new one by itself', () => {
    const world = new World({ seed: 6, tunnels: 1, link: { delayMs: 10 } });
    const [tunnel] = world.tunnels;
    if (tunnel === undefined) throw new Error('no tunnel');
    tunnel.host.open();
    world.run(1_000);
    // Its FINs are lost: the client only notices that nobody answers.
    tunnel.link.bToA.change({ loss: 1 });
    world.relay.relay.shutdown();
    world.relay.flush();
    world.run(1_000);
    tunnel.link.bToA.change({ loss: 0 });
    expect([tunnel.host.tunnel.state, world.relay.relay.sessionCount]).toEqual(['established', 0]);
    world.run(20_000);
    expect([tunnel.host.tunnel.state, world.relay.relay.sessionCount]).toEqual(['established', 1]);
    expect(tunnel.host.events).toEqual(['established', 'lost', 'established']);
  });
});
