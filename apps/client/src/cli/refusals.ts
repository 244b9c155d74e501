import type { RefusedDestination, RefusedPackets, RefusedReason, SessionLimits } from '@lightspeed/control';
import { formatEndpoint, formatIpv4 } from '@lightspeed/wire';
import { MIN_PACKETS_TO_JUDGE } from './loss.ts';
import type { DirectionLoss } from './loss.ts';
import { percent } from './percent.ts';

/**
 * What nodes have refused, as a part of the line, such as `5.0 % over its rate limit of 1,000 packets/s`. The share is of what came with a game's
 * payload in the same time, which `up` and `down` know.
 */
export function describeRefused(
  refused: readonly RefusedPackets[],
  { up, down }: { readonly up: DirectionLoss | undefined; readonly down: DirectionLoss },
  limits: SessionLimits | undefined,
): string {
  const came = { up: up?.payloads ?? 0, down: down.payloads };
  const rates = ({ direction }: RefusedPackets) =>
    came[direction] + refused.reduce((total, other) => total + (isOfRate(other, direction) ? other.packets : 0), 0);
  return refused
    .map((one) => {
      const { direction, reason, packets } = one;
      const all = rates(one);
      const isShare = isOfRate(one, direction) && all >= MIN_PACKETS_TO_JUDGE;
      const count = isShare ? percent(packets / all) : packets.toLocaleString('en');
      return `${count}${direction === 'down' ? ' of what servers send' : ''} ${why(reason, limits)}`;
    })
    .join(', ');
}

/** Only these are refused before a packet counts as received. */
function isOfRate({ direction, reason }: RefusedPackets, of: RefusedPackets['direction']): boolean {
  return direction === of && (reason === 'rate_packets' || reason === 'rate_bytes');
}

function why(reason: RefusedReason, limits: SessionLimits | undefined): string {
  const rate = (most: number | undefined, unit: string) =>
    most === undefined || most === 0 ? '' : ` of ${most.toLocaleString('en')} ${unit}/s`;
  switch (reason) {
    case 'rate_packets':
      return `over its rate limit${rate(limits?.ratePps, 'packets')}`;
    case 'rate_bytes':
      return `over its rate limit${rate(limits?.rateBps, 'bytes')}`;
    case 'destination_denied':
      return 'to game servers that its rules deny';
    case 'reflection':
      return 'to too many new game servers at once';
    case 'flow_limit':
      return 'over its limit of flows';
    case 'egress_exhausted':
      return 'for want of a socket';
    case 'amplification':
      return 'until it has checked our address';
    case 'oversize':
      return 'too long for one packet';
    default:
      return `for reason ${reason}`;
  }
}

/** Says that a node refused a game server, and what helps. */
export function refusedDestinationText(node: string, { ip, port, reason }: RefusedDestination): string {
  const server = formatEndpoint(ip, port);
  const refusal = `node ${node} does not relay to ${server}`;
  switch (reason) {
    case 'destination_denied': {
      const rule = `--allow-destination ${formatIpv4(ip)}/32:${port}`;
      return `${refusal}: its rules deny that. Ask its operator for ${rule}, or go there without the node: --way ${server}=direct`;
    }
    case 'reflection':
      return `${refusal} yet: too many new game servers at once. Let the game try again in 10 s`;
    case 'flow_limit':
      return `${refusal}: the session has as many flows as it may have. End other programs that play by it, or wait until they are idle`;
    case 'egress_exhausted':
      return `${refusal}: it has no socket left, or we have our share. Wait until other flows have ended, or name another --node`;
    default:
      return `${refusal}, for reason ${reason}`;
  }
}
