import { nodeConfig, startNode } from '@lightspeed/proxy';
import type { RunningNode } from '@lightspeed/proxy';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';

/**
 * Starts a node in this process, on a port of loopback, that admits whoever sends a HANDSHAKE.
 * @param gameServer the only destination that it allows
 * @param maxPpsPerClient for a client that carries many players in one session; the node's own limit when left out
 */
export function startOpenNode(gameServer: Endpoint, io: 'auto' | 'batch' | 'portable', maxPpsPerClient?: number): Promise<RunningNode> {
  return startNode(
    nodeConfig({
      nodeId: 'lab',
      dataBind: '127.0.0.1:0',
      controlBind: 'off',
      httpBind: 'off',
      egressBind: '127.0.0.1',
      requireAuth: false,
      allowDestinations: [`${formatIpv4(gameServer.ip)}/32:${gameServer.port}`],
      io,
      maxPpsPerClient,
    }),
  );
}
