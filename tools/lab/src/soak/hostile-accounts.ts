import type { NodeStats } from '@lightspeed/proxy';
import { AttackFigure } from './attack-plan.ts';
import { LoadFigure } from './load-plan.ts';
import type { Expectations } from './outcome.ts';

/**
 * That every datagram is accounted for, from its sender to its end:
 *
 * ```
 *   sent by attackers and good clients
 *     = too long for the node's slots + dropped by the kernel in front of it + received by its relay
 *   received by its relay
 *     = data + parity + keepalives + handshakes + FINs + drops, by reason
 * ```
 */
export function expectAccounts(
  expectations: Expectations,
  { relay, clientDrops, udp }: NodeStats,
  attack: Float64Array,
  load: Float64Array,
): void {
  expectations.equal('datagrams that attackers could not send', attack[AttackFigure.unsent], 0);
  expectations.equal('datagrams cut for being too long', udp.truncated, attack[AttackFigure.oversized]);
  const sent = attack[AttackFigure.sent] + load[LoadFigure.datagramsSent];
  const arrived = relay.clientPacketsReceived + udp.truncated + udp.kernel_drops;
  expectations.equal('datagrams that reached the node, of those sent', arrived, sent);
  const dropped = Object.values(clientDrops).reduce((sum, number) => sum + number, 0);
  const handled = relay.dataPackets + relay.parityPackets + relay.keepalives + relay.handshakes + relay.fins;
  expectations.equal('datagrams handled or dropped for a reason, of those received', handled + dropped, relay.clientPacketsReceived);
}
