import { percent } from '../figures.ts';
import type { CarriedReport } from './carried-game.ts';

/** With fewer losses on the link, chance decides whether protection helped. */
const ENOUGH_LOSSES = 10;

/**
 * Whether a game that has ended was really carried.
 * @returns why not, in one line, or undefined.
 */
export function faultOf(report: CarriedReport, isProtected: boolean): string | undefined {
  const { bots, joined, toServer, toBots } = report;
  if (report.unheard > 0) return `the server got nothing of ${report.unheard} of ${bots} bots`;
  if (joined < bots) return `${bots - joined} of ${bots} bots got no answer`;
  if (report.corrupted > 0) return `${report.corrupted} datagrams arrived changed`;
  if (report.misdelivered > 0) return `${report.misdelivered} datagrams arrived at somebody else`;
  if (report.duplicated > 0) return `${report.duplicated} datagrams arrived twice`;
  const linkLost = toServer.linkLost + toBots.linkLost;
  if (!isProtected || linkLost < ENOUGH_LOSSES) return undefined;
  const linkLoss = linkLost / (toServer.linkPackets + toBots.linkPackets);
  const gameLoss = (toServer.lost + toBots.lost) / (toServer.sent + toBots.sent);
  if (gameLoss < linkLoss) return undefined;
  return `the game lost ${percent(gameLoss)} of its datagrams, the link ${percent(linkLoss)}: protection did not help`;
}
