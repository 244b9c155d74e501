import { describe, expect, it } from 'vitest';
import type { CarriedReport } from '../src/game/carried-game.ts';
import { faultOf } from '../src/game/verdict.ts';

const direction = { sent: 1_000, arrived: 995, lost: 5, linkPackets: 1_250, linkLost: 40, inTime: 990, late: 3, outOfOrder: 2 };

const carried: CarriedReport = {
  seconds: 6,
  bots: 8,
  joined: 8,
  unheard: 0,
  protectionUp: '',
  toServer: direction,
  toBots: direction,
  tunnelRttMs: 45,
  gameRttMs: 46,
  corrupted: 0,
  misdelivered: 0,
  duplicated: 0,
};

describe('the verdict on a game', () => {
  it('is good when all arrived and protection lowered the loss', () => {
    expect(faultOf(carried, true)).toBeUndefined();
  });

  it.each<[string, Partial<CarriedReport>]>([
    ['1 of 8 bots got no answer', { joined: 7 }],
    ['the server got nothing of 1 of 8 bots', { unheard: 1, joined: 7 }],
    ['3 datagrams arrived changed', { corrupted: 3 }],
    ['1 datagrams arrived at somebody else', { misdelivered: 1 }],
    ['1 datagrams arrived twice', { duplicated: 1 }],
  ])('is bad when %s', (fault, difference) => {
    expect(faultOf({ ...carried, ...difference }, true)).toBe(fault);
    expect(faultOf({ ...carried, ...difference }, false)).toBe(fault);
  });

  it('is bad when the game lost as much as the link in spite of protection', () => {
    const worse = { ...direction, lost: 32, arrived: 968 };
    expect(faultOf({ ...carried, toServer: worse, toBots: worse }, true)).toBe(
      'the game lost 3.20 % of its datagrams, the link 3.20 %: protection did not help',
    );
  });

  it('leaves losses alone without protection, and while they are too few to tell', () => {
    const worse = { ...direction, lost: 40, arrived: 960 };
    expect(faultOf({ ...carried, toServer: worse, toBots: worse }, false)).toBeUndefined();
    const few = { ...direction, linkLost: 4, lost: 4 };
    expect(faultOf({ ...carried, toServer: few, toBots: few }, true)).toBeUndefined();
  });
});
