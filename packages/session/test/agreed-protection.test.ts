import { describe, expect, it } from 'vitest';
import { ALL_FORMS, DEFAULT_PROTECTION, ProtectionForm } from '@lightspeed/session';
import type { LoopMode, ProtectionSettings } from '@lightspeed/session';
import { FLAG_HANDSHAKE, readFlags, readSequence } from '@lightspeed/wire';
import { SERVER } from './support/lstp-client.ts';
import { World } from './support/world.ts';
import type { WorldOptions } from './support/world.ts';

const PROGRAM = { ip: 0x7f000001, port: 5_001 };
const DELAY_MS = 25;

const settingsOf = (mode: LoopMode, more: Partial<ProtectionSettings> = {}): ProtectionSettings => ({
  ...DEFAULT_PROTECTION,
  budgetPercent: 255,
  budgetKbps: 4_000,
  mode,
  ...more,
});

interface Game {
  /** Which part of the payloads was not there in time, up and down. */
  readonly missing: readonly [number, number];
  readonly outOfOrder: readonly [number, number];
  readonly twice: number;
  readonly world: World;
}

/** A game of so many datagrams a second in both directions, over a line; late is what comes 30 ms behind the undisturbed delay. */
function play(options: Omit<WorldOptions, 'seed' | 'tunnels'>, { perSecond = 60, seconds = 30, lateMs = 30 } = {}): Game {
  const world = new World({ seed: 7, tunnels: 1, ...options });
  const [{ host }] = world.tunnels;
  const ways = [new Direction(), new Direction()] as const;
  let answer: ((bytes: Uint8Array) => void) | undefined;
  world.onServer = (datagram, reply) => {
    answer ??= reply;
    ways[0].arrived(datagram.bytes, world.simulation.nowMs);
  };
  host.open();
  world.run(2_000);
  for (let n = 0; n < perSecond * seconds; n++) {
    world.simulation.at(world.simulation.nowMs + (n * 1_000) / perSecond, () => {
      host.nowMs = world.simulation.nowMs;
      host.fromLocal(ways[0].next(90, world.simulation.nowMs), PROGRAM, SERVER);
      // The reply's own way to the node takes a millisecond.
      answer?.(ways[1].next(200, world.simulation.nowMs + 1));
    });
  }
  for (let end = world.simulation.nowMs + seconds * 1_000 + 500; world.simulation.nowMs < end;) {
    world.run(1);
    for (const { bytes } of host.takeToLocal()) ways[1].arrived(bytes, world.simulation.nowMs);
  }
  const both = (of: (way: Direction) => number) => [of(ways[0]), of(ways[1])] as const;
  return {
    missing: both((way) => way.missing(DELAY_MS + lateMs + 1)),
    outOfOrder: both((way) => way.outOfOrder),
    twice: ways[0].twice + ways[1].twice,
    world,
  };
}

class Direction {
  readonly #sentMs: number[] = [];
  readonly #arrivedMs = new Map<number, number>();
  #newest = -1;
  #inOrder = 0;
  twice = 0;

  next(bytes: number, nowMs: number): Uint8Array {
    const payload = new Uint8Array(bytes).fill(this.#sentMs.length);
    new DataView(payload.buffer).setUint32(0, this.#sentMs.length);
    this.#sentMs.push(nowMs);
    return payload;
  }

  arrived(bytes: Uint8Array, nowMs: number): void {
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (!bytes.subarray(4).every((byte) => byte === (number & 0xff))) throw new Error(`payload ${number} is another one`);
    if (this.#arrivedMs.has(number)) this.twice++;
    else this.#arrivedMs.set(number, nowMs);
    if (number > this.#newest) this.#inOrder++;
    this.#newest = Math.max(this.#newest, number);
  }

  missing(withinMs: number): number {
    const late = this.#sentMs.filter((ms, number) => (this.#arrivedMs.get(number) ?? Infinity) > ms + withinMs);
    return late.length / this.#sentMs.length;
  }

  get outOfOrder(): number {
    return 1 - this.#inOrder / this.#sentMs.length;
  }
}

const REPEAT: LoopMode = { kind: 'repeat', agesMs: [5] };
const lossy = (loss: number) => ({ delayMs: DELAY_MS, loss });
const both = (mode: LoopMode, more: Partial<ProtectionSettings> = {}) => {
  const protection = settingsOf(mode, more);
  return { relay: { protections: [protection] }, tunnel: { protection } };
};

describe('without a registration', () => {
  it('the ends agree in their first HANDSHAKE, and the client is validated all the same', () => {
    const world = new World({ seed: 1, tunnels: 1, link: lossy(0), ...both(REPEAT) });
    const [{ host }] = world.tunnels;
    const said: string[] = [];
    host.onPacket = (path, bytes) => {
      if (readFlags(bytes, 0) === FLAG_HANDSHAKE) said.push(Buffer.from(bytes.subarray(20)).toString('hex'));
      world.tunnels[0].paths[path].link.aToB.send(bytes, bytes.length, world.simulation.nowMs);
    };
    host.open();
    world.run(1_000);
    expect(said[0]).toBe('4c535250010f1eff');
    expect(said[1]).toBe('0000000000000000');
    expect(said).toHaveLength(3);
    expect(said[2]).not.toBe(said[1]);
  });

  it('a second copy of what the node has answered changes nothing', () => {
    const world = new World({ seed: 1, tunnels: 1, link: { delayMs: DELAY_MS, duplicate: 1, jitterMs: 20 }, ...both(REPEAT) });
    const [{ host }] = world.tunnels;
    let said = 0;
    host.onPacket = (path, bytes) => {
      if (readFlags(bytes, 0) === FLAG_HANDSHAKE) said++;
      world.tunnels[0].paths[path].link.aToB.send(bytes, bytes.length, world.simulation.nowMs);
    };
    host.open();
    for (let n = 0; n < 60; n++) {
      world.run(50);
      host.nowMs = world.simulation.nowMs;
      host.fromLocal(new Uint8Array(50), PROGRAM, SERVER);
    }
    expect(said).toBeLessThan(8);
    expect(host.count('repeatsCarried') + host.count('repeatsAlone')).toBeGreaterThan(30);
  });

  it('a node that protects nothing gets no blocks', () => {
    const { tunnel } = both(REPEAT);
    const { world, missing } = play({ link: lossy(0), relay: { protections: [undefined] }, tunnel }, { seconds: 2 });
    expect(missing).toEqual([0, 0]);
    expect(world.relay.drops()).toEqual({});
  });

  it('a client that asks for nothing gets no blocks', () => {
    const { relay } = both(REPEAT);
    const { world, missing } = play({ link: lossy(0), relay, tunnel: { fecGroupSize: 0 } }, { seconds: 2 });
    expect(missing).toEqual([0, 0]);
    expect(world.tunnels[0].host.drops()).toEqual({});
  });
});

describe('repeats', () => {
  it('bring back what a line loses, in time and in order, in both directions', () => {
    const { missing, outOfOrder, twice } = play({ link: lossy(0.05), ...both(REPEAT) });
    for (const part of [...missing, ...outOfOrder]) expect(part).toBeLessThan(0.008);
    expect(twice).toBe(0);
  });

  it('are counted beside how many packets were lost in a row', () => {
    const single = play({ link: lossy(0.05), ...both(REPEAT) }).world.tunnels[0].host;
    expect(single.count('upMeanRun')).toBeCloseTo(1.05, 0);
    const lostRuns = single.count('downRuns');
    expect((single.count('sequenceExpected') - single.count('sequenceReceived')) / lostRuns).toBeCloseTo(1.05, 0);
    const none = play({ link: lossy(0), ...both(REPEAT) }, { seconds: 2 }).world.tunnels[0].host;
    expect([none.count('upMeanRun'), none.count('downRuns')]).toEqual([0, 0]);
  });

  it('do so for registered clients, with tags', () => {
    const protection = settingsOf(REPEAT);
    const tagged = { registered: true, canTag: true, terms: protection, relay: { protections: [protection], tags: 'always' as const } };
    const { missing, world } = play({ link: lossy(0.05), tunnel: { protection }, ...tagged });
    for (const part of missing) expect(part).toBeLessThan(0.008);
    expect(world.relay.count('sessionsTagged')).toBe(1);
  });

  it('go by themselves where the game sends too seldom', () => {
    const { missing, world } = play({ link: lossy(0.05), ...both(REPEAT) }, { perSecond: 20 });
    for (const part of missing) expect(part).toBeLessThan(0.015);
    expect(world.relay.count('repeatsAlone')).toBeGreaterThan(500);
  });
});

describe('riding XOR', () => {
  it('brings back what a line loses', () => {
    const xor = both({ kind: 'xor', packets: 3 });
    const { missing, twice, world } = play({ link: lossy(0.05), ...xor }, { perSecond: 128 });
    for (const part of missing) expect(part).toBeLessThan(0.015);
    expect(twice).toBe(0);
    expect(world.relay.count('xorsCarried')).toBeGreaterThan(1_000);
  });
});

describe('requests', () => {
  it('bring back what a line loses where the round trip is short', () => {
    const link = { delayMs: 10, loss: 0.05 };
    const { missing, world } = play({ link, ...both({ kind: 'request' }, { deadlineMs: 50 }) }, { lateMs: 35 });
    for (const part of missing) expect(part).toBeLessThan(0.015);
    expect(world.relay.count('repeatsAlone')).toBeGreaterThan(40);
    expect(world.relay.count('repeatsCarried')).toBe(0);
  });
});

describe('a loop', () => {
  it('adds nothing but reports on a clean line', () => {
    const { world, missing } = play({ link: lossy(0), ...both({ kind: 'auto' }) }, { seconds: 10 });
    expect(missing).toEqual([0, 0]);
    expect(world.relay.count('repeatsCarried')).toBe(0);
    expect(world.tunnels[0].host.count('protectionSteps')).toBe(0);
  });

  it('protects a line that begins to lose', () => {
    const { world, missing } = play({ link: lossy(0.05), ...both({ kind: 'auto' }) });
    for (const part of missing) expect(part).toBeLessThan(0.015);
    expect(world.relay.count('protectionSteps')).toBeGreaterThan(0);
  });
});

it('a loop protects a session whose packets go by two paths at once, whichever of them is the faster one', () => {
  const protection = settingsOf({ kind: 'auto' });
  const { world } = play({
    link: { delayMs: DELAY_MS, jitterMs: 10, loss: 0.3 },
    registered: true,
    terms: protection,
    relay: { protections: [protection] },
    tunnel: { protection, paths: 2, multipath: 'duplicate' },
  });
  expect(world.relay.count('protectionSteps')).toBeLessThan(20);
  expect(world.relay.count('repeatsCarried') + world.relay.count('repeatsAlone')).toBeGreaterThan(500);
});

it('forms that one end does not know are not used', () => {
  const own = settingsOf(REPEAT);
  const theirs = settingsOf(REPEAT, { forms: ProtectionForm.xor | ProtectionForm.report });
  const { world } = play({ link: lossy(0), relay: { protections: [theirs] }, tunnel: { protection: own } }, { seconds: 2 });
  expect(world.relay.count('repeatsCarried')).toBe(0);
  expect(world.tunnels[0].host.count('repeatsCarried')).toBe(0);
  expect(ALL_FORMS).toBe(15);
});

it('control packets take no numbers of payloads', () => {
  const world = new World({ seed: 1, tunnels: 1, link: lossy(0), ...both(REPEAT) });
  const [{ host }] = world.tunnels;
  const numbers: number[] = [];
  host.open();
  world.run(1_000);
  host.onPacket = (path, bytes) => {
    if (readFlags(bytes, 0) === 0) numbers.push(readSequence(bytes, 0));
    world.tunnels[0].paths[path].link.aToB.send(bytes, bytes.length, world.simulation.nowMs);
  };
  for (let n = 0; n < 60; n++) {
    host.nowMs = world.simulation.nowMs;
    host.fromLocal(new Uint8Array(50), PROGRAM, SERVER);
    world.run(250);
  }
  expect(host.count('keepalivesSent')).toBeGreaterThan(2);
  expect(numbers.length).toBeGreaterThan(60);
  expect(numbers).toEqual(numbers.map((_, nth) => numbers[0] + nth));
});
