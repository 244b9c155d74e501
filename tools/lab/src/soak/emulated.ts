import { setTimeout } from 'node:timers/promises';
import { Random } from '@lightspeed/netem';
import type { Impairments } from '@lightspeed/netem';
import { count, percent } from '../figures.ts';
import { CarriedGame } from '../game/carried-game.ts';
import type { GameReport } from '../game/game-report.ts';
import { faultOf } from '../game/verdict.ts';
import type { Outcome, Progress } from './outcome.ts';

/** How many bad links the game goes over, and for how long. */
export interface EmulatedOptions {
  /** How many links, each with impairments of its own. */
  readonly links: number;
  readonly secondsPerLink: number;
  readonly seed: number;
}

/** The options of the soak. */
export const LONG_EMULATED: EmulatedOptions = { links: 20, secondsPerLink: 5, seed: 1 };

const GROUP_SIZES = [2, 3, 4, 6, 8];

/** A game over one link after another, each bad in its own way. Whatever a link does, only loss may reach the game. */
export async function runEmulated({ links, secondsPerLink, seed }: EmulatedOptions, progress: Progress): Promise<Outcome> {
  const random = new Random(seed);
  const faults: string[] = [];
  const reports: GameReport[] = [];
  for (let number = 1; number <= links; number++) {
    const linkSeed = random.nextU32();
    const link = randomLink(new Random(linkSeed));
    const fecGroupSize = GROUP_SIZES[random.nextInt(GROUP_SIZES.length)];
    await using game = await CarriedGame.start({ bots: 6, fecGroupSize, io: 'auto', seed: linkSeed, link });
    await setTimeout(secondsPerLink * 1_000);
    const report = await game.finish();
    reports.push(report);
    const fault = faultOf(report, fecGroupSize);
    if (fault !== undefined) faults.push(`seed ${linkSeed}, K ${fecGroupSize}, ${JSON.stringify(link)}: ${fault}`);
    progress(`link ${number} of ${links}: ${describeLink(link)}, K ${fecGroupSize}: the game lost ${lossOf(report)}`);
  }
  const sum = (value: (report: GameReport) => number) => reports.reduce((total, report) => total + value(report), 0);
  return {
    name: 'emulated',
    faults,
    figures: {
      links,
      sent: count(sum(({ toServer, toBots }) => toServer.sent + toBots.sent)),
      'lost on links': count(sum(({ toServer, toBots }) => toServer.linkLost + toBots.linkLost)),
      recovered: count(sum(({ toServer, toBots }) => toServer.recovered + toBots.recovered)),
      'lost to the game': count(sum(({ toServer, toBots }) => toServer.lost + toBots.lost)),
    },
  };
}

/** Losses that a handshake gets through and that parity of any size can do something about. */
function randomLink(random: Random): Impairments {
  const bursts = random.nextInt(3) === 0;
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

function lossOf({ toServer, toBots }: GameReport): string {
  return percent((toServer.lost + toBots.lost) / (toServer.sent + toBots.sent));
}
