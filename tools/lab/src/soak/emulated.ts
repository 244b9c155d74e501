import { setTimeout } from 'node:timers/promises';
import { parseProtect } from '@lightspeed/session';
import { Random } from '@lightspeed/netem';
import type { Impairments } from '@lightspeed/netem';
import { count, percent, sumOf } from '../figures.ts';
import { startCarriedGame } from '../game/carried-game.ts';
import type { DirectionReport, CarriedReport } from '../game/carried-game.ts';
import { faultOf } from '../game/verdict.ts';
import { defineRun } from '../runs.ts';

const PROTECTS = ['auto', 'repeat:5', 'repeat:5,20', 'xor:2', 'request', 'groups:2', 'groups:4', 'groups:8'];

/** A game over one link after another, each bad in its own way. Whatever a link does, only loss may reach the game. */
export const emulated = defineRun(
  'emulated',
  'a game over 20 emulated links that lose, delay, reorder and duplicate: only loss may reach the game',
  { links: 20, secondsPerLink: 5, seed: 1 },
  async ({ expect, progress }, { links, secondsPerLink, seed }) => {
    const random = new Random(seed);
    const reports: CarriedReport[] = [];
    for (let number = 1; number <= links; number++) {
      const linkSeed = random.nextU32();
      const link = randomLink(new Random(linkSeed));
      const how = random.pick(PROTECTS);
      const protect = parseProtect(how) ?? { kind: 'auto' };
      await using game = await startCarriedGame({ bots: 6, protect, io: 'auto', seed: linkSeed, link });
      await setTimeout(secondsPerLink * 1_000);
      const report = await game.finish();
      reports.push(report);
      const fault = faultOf(report, protect.kind !== 'off');
      expect.that(fault === undefined, `seed ${linkSeed}, ${how}, ${JSON.stringify(link)}: ${fault}`);
      const { toServer, toBots } = report;
      const loss = percent((toServer.lost + toBots.lost) / (toServer.sent + toBots.sent));
      progress(`link ${number} of ${links}: ${describeLink(link)}, ${how}: the game lost ${loss}`);
    }
    const directions = reports.flatMap(({ toServer, toBots }) => [toServer, toBots]);
    const sum = (value: (direction: DirectionReport) => number) => count(sumOf(directions, value));
    return {
      links,
      sent: sum(({ sent }) => sent),
      'lost on links': sum(({ linkLost }) => linkLost),
      'in time and in order': sum(({ inTime }) => inTime),
      'lost to the game': sum(({ lost }) => lost),
    };
  },
);

/** Losses that a handshake gets through and that parity of any size can do something about. */
function randomLink(random: Random): Impairments {
  const bursts = random.once(3);
  return {
    loss: 0.01 + random.next() * 0.09,
    burst: bursts ? { goodToBad: 0.005, badToGood: 0.4 } : undefined,
    delayMs: 1 + random.next() * 60,
    jitterMs: random.next() * 20,
    reorder: random.next() * 0.05,
    duplicate: random.next() * 0.05,
  };
}

function describeLink({ loss, delayMs, jitterMs, burst }: Impairments): string {
  const delay = `${Number(delayMs).toFixed(0)} + ${Number(jitterMs).toFixed(0)} ms`;
  return `${percent(Number(loss))} loss${burst === undefined ? '' : ' and bursts'}, ${delay}`;
}
