import type { NodeConfig } from '../config/node-config.ts';
import type { WorkerStart } from '../data-plane/messages.ts';

/**
 * Where clients may send: what the configuration says, and never to the node's own ports.
 * @param ownAddresses the machine's IPv4 addresses, unsigned.
 */
export function destinationsOf(config: NodeConfig, dataPort: number, ownAddresses: readonly number[]): WorkerStart['policy'] {
  const { controlBind, allowDestinations, denyDestinations, onlyAllowedDestinations } = config;
  return {
    allow: allowDestinations,
    onlyAllowed: onlyAllowedDestinations,
    deny: denyDestinations,
    ownPorts: [dataPort, controlBind?.port ?? 0].filter((port) => port !== 0),
    ownAddresses,
  };
}
