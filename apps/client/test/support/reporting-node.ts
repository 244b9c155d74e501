import { REFUSED_REASONS, refusedDestinationsExtension, refusedPacketsExtension } from '@lightspeed/control';
import type { RefusedReason } from '@lightspeed/control';
import type { RelayOptions } from '@lightspeed/session';
import { DROP_REASON_NAMES } from '@lightspeed/wire';
import type { DropReason } from '@lightspeed/wire';
import { ControlNode } from './control-node.ts';

/** A node that tells its clients what its relay reports. */
export async function reportingNode(options: Partial<RelayOptions> = {}): Promise<ControlNode> {
  const node = await ControlNode.start(options);
  node.data.onReport = ({ packets, destinations, ...numbers }) => {
    const extensions = [
      refusedPacketsExtension.encode(packets.map((refused) => ({ ...refused, reason: named(refused.reason) }))),
      refusedDestinationsExtension.encode(destinations.map((refused) => ({ ...refused, reason: named(refused.reason) }))),
    ];
    void node.say(numbers.sessionId, { type: 'report', ...numbers, extensions });
  };
  return node;
}

function named(reason: DropReason): RefusedReason {
  return REFUSED_REASONS.find((name) => name === DROP_REASON_NAMES[reason]) ?? 0;
}
