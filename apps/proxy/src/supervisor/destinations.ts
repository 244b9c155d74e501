import type { NodeConfig } from '../config/node-config.ts';
import type { WorkerStart } from '../data-plane/messages.ts';
import { ownPortRules } from '../own-addresses.ts';

/** Where clients may send: what the configuration says, and never to the node's own ports. */
export function destinationsOf(config: NodeConfig, dataPort: number, ownAddresses: readonly number[]): WorkerStart['policy'] {
  const { controlBind, allowDestinations, denyDestinations, onlyAllowedDestinations } = config;
  const ownPorts = [dataPort, controlBind?.port ?? 0].filter((port) => port !== 0);
  return {
    allow: allowDestinations,
    onlyAllowed: onlyAllowedDestinations,
    deny: [...denyDestinations, ...ownPorts.flatMap((port) => ownPortRules(ownAddresses, port))],
    ownAddresses,
  };
}
