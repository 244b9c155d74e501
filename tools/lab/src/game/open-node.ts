import { nodeConfig, startNode } from '@lightspeed/proxy';
import type { RunningNode } from '@lightspeed/proxy';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';

/** What a node in this process is to carry. */
export interface OpenNodeOptions {
  /** The only destination that it allows. */
  readonly gameServer: Endpoint;
  readonly io: 'auto' | 'batch' | 'portable';
  /** For a client that carries many players in one session. Default: the node's own. */
  readonly maxPpsPerClient?: number;
}

/** A node on a port of loopback that admits whoever sends a HANDSHAKE. */
export function startOpenNode({ gameServer, io, maxPpsPerClient }: OpenNodeOptions): Promise<RunningNode> {
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
