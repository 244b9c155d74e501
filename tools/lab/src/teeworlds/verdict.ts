import { formatIpv4 } from '@lightspeed/wire';
import { EGRESS_IP } from './run.ts';
import type { TeeworldsResult } from './run.ts';

/**
 * Whether a real game was carried.
 * @returns why not, in one line, or undefined.
 */
export function faultOfTeeworlds(result: TeeworldsResult): string | undefined {
  const address = `addr=${formatIpv4(EGRESS_IP)}:`;
  if (!result.entered.includes(address)) return `the player came from another address than ${formatIpv4(EGRESS_IP)}: ${result.entered}`;
  if (result.departures.length > 0) return `the player left${silenceOf(result)}: ${result.departures[0]}`;
  for (const { after, players, lastSecondToPlayer } of result.stays) {
    if (!players.some((line) => line.includes(address))) return `the server no longer has the player (after: ${after})`;
    if (lastSecondToPlayer === 0) return `nothing of the server reached the player in the last second (after: ${after})`;
  }
  return undefined;
}

/** A program that hangs, or has crashed, is thrown out too, and by nobody's fault but its own. */
function silenceOf({ stays }: TeeworldsResult): string {
  const silent = stays.find(({ lastSecondFromPlayer }) => lastSecondFromPlayer === 0);
  return silent === undefined ? '' : ` (its program itself had fallen silent after: ${silent.after})`;
}

/** The share of packets that the link really lost, both ways. */
export function measuredLoss({ link }: TeeworldsResult): number {
  const { toTarget, toSource } = link;
  return (toTarget.lostRandom + toSource.lostRandom) / (toTarget.sent + toSource.sent);
}
