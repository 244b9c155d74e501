import { percent } from '../figures.ts';
import type { GameReport } from './carried-game.ts';

/** With fewer losses on the link, chance decides whether FEC helped. */
const ENOUGH_LOSSES = 10;

/**
 * Whether a game that has ended was really carried.
 * @returns why not, in one line, or undefined.
 */
export function faultOf(report: GameReport, fecGroupSize: number): string | undefined {
  const { bots, joined, toServer, toBots } = report;
  if (joined < bots) return `${bots - joined} of ${bots} bots could not join`;
  if (report.botsWithoutSnapshots > 0) return `${report.botsWithoutSnapshots} of ${bots} bots got no snapshot`;
  if (report.botsWithoutInputs > 0) return `the server got no input of ${report.botsWithoutInputs} of ${bots} bots`;
  if (report.corrupted > 0) return `${report.corrupted} datagrams arrived changed`;
  if (report.misdelivered > 0) return `${report.misdelivered} datagrams arrived at somebody else`;
  if (report.duplicated > 0) return `${report.duplicated} datagrams arrived twice`;
  const linkLost = toServer.linkLost + toBots.linkLost;
  if (fecGroupSize === 0 || linkLost < ENOUGH_LOSSES) return undefined;
  const linkLoss = linkLost / (toServer.linkPackets + toBots.linkPackets);
  const gameLoss = (toServer.lost + toBots.lost) / (toServer.sent + toBots.sent);
  if (gameLoss < linkLoss) return undefined;
  return `the game lost ${percent(gameLoss)} of its datagrams, the link ${percent(linkLoss)}: FEC did not help`;
}
