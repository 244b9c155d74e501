import { describe, expect, it } from 'vitest';
import type { Impairments } from '@lightspeed/netem';
import { SERVER, bytesOf } from './support/lstp-client.ts';
import { World } from './support/world.ts';

const PROGRAM = { ip: 0x7f000001, port: 5_001 };
const SEEDS = Array.from({ length: 60 }, (_, seed) => seed + 1);
const KEEPALIVE_MS = 250;
const OPEN_MS = 6_000;
/** A game of so many datagrams a second, each answered. */
const GAME_MS = 33;

function game(seed: number, link: Impairments): World {
  const world = new World({ seed, tunnels: 1, link, tunnel: { fecGroupSize: 0, keepaliveMs: KEEPALIVE_MS } });
  world.onServer = (_datagram, answer) => answer(bytesOf('answer'));
  const [{ host }] = world.tunnels;
  host.open();
  world.run(OPEN_MS);
  return world;
}

/** How often a node was lost since its first answer: what a tunnel does before that is a matter of its own. */
function losses(world: World): () => number {
  const [{ host }] = world.tunnels;
  const before = host.count('timesLost');
  return () => host.count('timesLost') - before;
}

/** Lets a program send for so long. */
function play(world: World, ms: number): void {
  const [{ host }] = world.tunnels;
  const { simulation } = world;
  for (let at = 0; at < ms; at += GAME_MS) {
    simulation.at(simulation.nowMs + at, () => {
      host.nowMs = simulation.nowMs;
      host.fromLocal(bytesOf('datagram'), PROGRAM, SERVER);
    });
  }
  world.run(ms);
}

describe('a node that lives is not lost', () => {
  it.each<[string, Impairments]>([
    ['5 % loss', { loss: 0.05, delayMs: 25 }],
    ['10 % loss and 50 ms of jitter', { loss: 0.1, delayMs: 40, jitterMs: 50 }],
    ['10 % loss over a long way', { loss: 0.1, delayMs: 150, jitterMs: 50 }],
  ])('to a game over a link with %s', (_what, link) => {
    for (const seed of SEEDS) {
      const world = game(seed, link);
      const lost = losses(world);
      play(world, 60_000);
      expect(lost(), `seed ${seed}`).toBe(0);
    }
  });

  it('to a game over a link that is gone for 300 ms every second', () => {
    for (const seed of SEEDS) {
      const world = game(seed, { delayMs: 20, jitterMs: 50 });
      const { link, host } = world.tunnels[0];
      for (let second = 1; second < 30; second++) {
        const startMs = world.simulation.nowMs + second * 1_000 + ((seed * 17) % 250);
        const lose = (loss: number) => [link.aToB, link.bToA].forEach((way) => way.change({ loss }));
        world.simulation.at(startMs, () => lose(1));
        world.simulation.at(startMs + 300, () => lose(0));
      }
      play(world, 31_000);
      expect(host.count('timesLost'), `seed ${seed}`).toBe(0);
    }
  });

  it('while nothing is played, over a link with 10 % loss', () => {
    for (const seed of SEEDS) {
      const world = game(seed, { loss: 0.1, delayMs: 25, jitterMs: 10 });
      const lost = losses(world);
      world.run(30_000);
      expect(lost(), `seed ${seed}`).toBe(0);
    }
  });
});

describe('a node that is gone is lost', () => {
  /** How long after its end, with a game going on or not. */
  function noticedAfterMs(seed: number, link: Impairments, playing: boolean): number {
    const world = game(seed, link);
    const { link: way, host } = world.tunnels[0];
    if (playing) play(world, 5_000 + ((seed * 37) % 500));
    else world.run(5_000 + ((seed * 37) % 500));
    const endMs = world.simulation.nowMs;
    way.aToB.change({ loss: 1 });
    way.bToA.change({ loss: 1 });
    for (let ms = 0; ms < 5_000 && host.count('timesLost') === 0; ms += GAME_MS) {
      if (playing) play(world, GAME_MS);
      else world.run(GAME_MS);
    }
    return world.simulation.nowMs - endMs;
  }

  it('within half a second and a little when a game goes on, and an interval later when none does', () => {
    for (const seed of SEEDS) {
      const link = { delayMs: 20, jitterMs: 5 };
      expect(noticedAfterMs(seed, link, true), `seed ${seed}`).toBeLessThanOrEqual(600);
      expect(noticedAfterMs(seed, link, false), `seed ${seed}`).toBeLessThanOrEqual(KEEPALIVE_MS + 600);
    }
  });

  it('not before anything was asked for half a second', () => {
    for (const seed of SEEDS) expect(noticedAfterMs(seed, { delayMs: 20, jitterMs: 5 }, true), `seed ${seed}`).toBeGreaterThanOrEqual(450);
  });

  it('within a second also over a long way with much jitter', () => {
    for (const seed of SEEDS) {
      expect(noticedAfterMs(seed, { delayMs: 75, jitterMs: 40 }, true), `seed ${seed}`).toBeLessThanOrEqual(1_000);
    }
  });
});
