import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DuplicateWindow, WINDOW_MOVED } from '@lightspeed/session';
import { DropReason } from '@lightspeed/wire';

/** A window, and a peer that sends to it: number and clock move on with each packet. */
class Peer {
  readonly window = new DuplicateWindow();
  readonly pauseMs: number;
  nowMs = 0x7fffff00;
  sequence: number;
  timestampUs = -5_000_000;

  constructor(sequence: number, packetsPerSecond = 1_000) {
    this.sequence = sequence;
    this.pauseMs = 1_000 / packetsPerSecond;
  }

  /** Sends the next number. @returns what the window says. */
  send(): number {
    this.pass(this.pauseMs);
    const verdict = this.window.accept(this.sequence, this.timestampUs | 0, this.nowMs | 0, false);
    this.sequence = (this.sequence + 1) & 0xffff;
    return verdict;
  }

  /** @returns what the window says to each of `count` packets. */
  sendMany(count: number): number[] {
    return Array.from({ length: count }, () => this.send());
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.timestampUs += ms * 1_000;
  }

  /** Packets that the peer sends, and nobody gets. */
  lose(count: number): void {
    this.pass(count * this.pauseMs);
    this.sequence = (this.sequence + count) & 0xffff;
  }

  /** How many packets come before the window takes them again. */
  packetsToHeal(): number {
    for (let count = 0; count < 2_000; count++) if (this.send() <= 0) return count;
    return Number.POSITIVE_INFINITY;
  }
}

const isTaken = (verdict: number) => verdict <= 0;

describe('the duplicate window heals within ten packets', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 33, 60])('after an outage of %i s at 1,000 packets a second', (seconds) => {
    const peer = new Peer(65_000);
    peer.sendMany(2_000);
    peer.lose(seconds * 1_000);
    expect(peer.packetsToHeal()).toBeLessThan(10);
    expect(peer.sendMany(2_000).every(isTaken)).toBe(true);
  });

  it('after our own step of 16,384 at a restart', () => {
    const peer = new Peer(40_000);
    peer.sendMany(100);
    peer.pass(2_000);
    peer.sequence = (peer.sequence + 16_384) & 0xffff;
    expect(peer.packetsToHeal()).toBe(7);
    expect(peer.sendMany(100)).toEqual(new Array(100).fill(0));
  });

  it.each([2, 20, 128, 5_000])('after a peer of %i packets a second starts over at 0 from 50,000', (packetsPerSecond) => {
    const peer = new Peer(49_900, packetsPerSecond);
    peer.sendMany(100);
    peer.pass(1_000);
    peer.sequence = 0;
    peer.timestampUs = 0;
    expect(peer.packetsToHeal()).toBe(7);
    expect(peer.sendMany(100)).toEqual(new Array(100).fill(0));
  });

  it.each([1, 5, 100, 400])('when each packet comes by two paths, the slower one %i ms behind', (behind) => {
    const peer = new Peer(0);
    peer.sendMany(3_000);
    peer.lose(5_000);
    const { window } = peer;
    const first = peer.sequence;
    const taken = new Map<number, number>();
    const note = (number: number, verdict: number) => isTaken(verdict) && taken.set(number, (taken.get(number) ?? 0) + 1);
    for (let i = 0; i < 1_000; i++) {
      note(peer.sequence, peer.send());
      const slow = (peer.sequence - 1 - behind) & 0xffff;
      // The slower path has its outage too: it brings nothing that was sent before.
      if (i < behind) continue;
      note(slow, window.accept(slow, (peer.timestampUs - behind * 1_000) | 0, peer.nowMs | 0, false));
    }
    const numbers = Array.from({ length: 1_000 }, (_, i) => (first + i) & 0xffff);
    expect(numbers.filter((number) => !taken.has(number)).length).toBeLessThan(10);
    expect(Math.max(...taken.values())).toBe(1);
  });
});

describe('the duplicate window stays', () => {
  it('for 250 ms after a new number inside, however many candidates come', () => {
    const peer = new Peer(0);
    peer.sendMany(10);
    peer.sequence = 30_000;
    expect(peer.sendMany(249)).toEqual(new Array(249).fill(DropReason.tooFarAhead));
    expect(peer.send()).toBe(WINDOW_MOVED);
  });

  it('when candidates do not rise, in number or in time', () => {
    const peer = new Peer(0);
    peer.sendMany(10);
    peer.pass(300);
    const at = (sequence: number, timestampUs: number) => peer.window.accept(sequence, timestampUs, peer.nowMs | 0, false);
    for (let i = 0; i < 20; i++) expect(at(30_000, 7)).toBe(DropReason.tooFarAhead);
    for (let i = 0; i < 20; i++) expect(at(30_000 + i, -i)).toBe(DropReason.tooFarAhead);
    for (let i = 0; i < 20; i++) expect(at(30_000 - i, i)).toBe(DropReason.tooFarAhead);
    for (let i = 0; i < 20; i++) expect(at(12_000 + 1_024 * i, i)).toBe(DropReason.tooFarAhead);
    for (let i = 0; i < 3_000; i++) expect(at(9 - ((i * 7) % 10), i)).toBe(DropReason.duplicate);
  });

  it('at numbers that it has seen, unless its session has one path and was opened without a proof', () => {
    for (const startsOver of [false, true]) {
      const peer = new Peer(0);
      peer.window.startsOverOnDuplicates = startsOver;
      expect(peer.sendMany(900).every(isTaken)).toBe(true);
      peer.pass(60_000);
      peer.sequence = 1;
      peer.timestampUs = 0;
      expect(peer.packetsToHeal()).toBe(startsOver ? 7 : 899);
    }
  });

  it('when the network repeats what it brought within 250 ms', () => {
    const peer = new Peer(0);
    peer.window.startsOverOnDuplicates = true;
    peer.sendMany(100);
    const { window } = peer;
    for (let round = 0; round < 20; round++) {
      peer.send();
      for (let back = 100; back > 1; back--) {
        const again = window.accept((peer.sequence - back) & 0xffff, (peer.timestampUs - back * 1_000) | 0, peer.nowMs | 0, false);
        expect(again).toBe(DropReason.duplicate);
      }
    }
  });
});

describe('forged packets', () => {
  const forged = fc.record({
    /** Outside the window: 1,024 to 64,512 ahead of the newest number. */
    distance: fc.integer({ min: 1_024, max: 65_536 - 1_024 }),
    timestampUs: fc.integer(),
  });
  /** A pause, forged packets, then a true one; with what the network does to that: nothing, loss, or a second copy. */
  const turn = fc.record({
    pauseMs: fc.oneof(fc.constantFrom(1, 16), fc.nat(5_000)),
    forged: fc.array(forged, { maxLength: 7 }),
    rising: fc.boolean(),
    fate: fc.constantFrom('arrives', 'arrives', 'arrives', 'lost', 'twice'),
  });

  it('outside the window, fewer than eight between two true ones, make it lose and repeat nothing', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.boolean(), fc.array(turn, { maxLength: 60 }), (start, startsOver, turns) => {
        const peer = new Peer(start);
        peer.window.startsOverOnDuplicates = startsOver;
        expect(peer.send()).toBe(0);
        let newest = start;
        for (const { pauseMs, forged: list, rising, fate } of turns) {
          peer.pass(pauseMs);
          for (const [i, { distance, timestampUs }] of list.entries()) {
            const at = rising ? list[0].distance + i : distance;
            const time = rising ? i : timestampUs;
            if (at > 65_536 - 1_024) continue;
            expect(isTaken(peer.window.accept((newest + at) & 0xffff, time, peer.nowMs | 0, false))).toBe(false);
          }
          if (fate === 'lost') peer.lose(1);
          newest = peer.sequence;
          expect(peer.send()).toBe(0);
          if (fate === 'twice') {
            expect(peer.window.accept(newest, peer.timestampUs | 0, peer.nowMs | 0, false)).toBe(DropReason.duplicate);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('outside the window, however many, change nothing while the peer sends every 250 ms', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.integer({ min: 1_024, max: 60_000 }), fc.integer({ min: 1, max: 200 }), (start, distance, count) => {
        const peer = new Peer(start, 5);
        expect(peer.send()).toBe(0);
        for (let round = 0; round < 20; round++) {
          peer.pass(40);
          for (let i = 0; i < count; i++) {
            const at = (start + distance + round * count + i) & 0xffff;
            const ahead = (at - peer.sequence) & 0xffff;
            if (ahead < 1_024 || ahead > 65_536 - 1_025) continue;
            expect(isTaken(peer.window.accept(at, round * count + i, peer.nowMs | 0, false))).toBe(false);
          }
          expect(peer.send()).toBe(0);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('inside the window cost the true packet of the same number only, if there is one of them', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.integer({ min: -1_023, max: 1_023 }), fc.integer(), (start, distance, timestampUs) => {
        const peer = new Peer(start);
        peer.sendMany(1_100);
        const number = (peer.sequence - 1 + distance) & 0xffff;
        peer.window.accept(number, timestampUs, peer.nowMs | 0, false);
        for (let i = 0; i < 2_000; i++) {
          const isNumber = peer.sequence === number;
          expect(peer.send()).toBe(isNumber ? DropReason.duplicate : 0);
        }
      }),
      { numRuns: 50 },
    );
  });
});
