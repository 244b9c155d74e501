import { nodeConfig, startNode } from '@lightspeed/proxy';
import type { RunningNode } from '@lightspeed/proxy';
import { formatProtect } from '@lightspeed/session';
import type { Protect } from '@lightspeed/session';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';

/** What is not as a node has it by default. */
export interface OpenNodeOptions {
  /** How what goes to clients is protected. */
  readonly protect?: Protect | undefined;
  /** Most redundancy, in percent. */
  readonly budget?: number | undefined;
  /** The same in kilobits a second. */
  readonly budgetKbps?: number | undefined;
  /** For a client that carries many players in one session. */
  readonly maxPpsPerClient?: number | undefined;
}

/**
 * Starts a node in this process, on a port of loopback, that admits whoever sends a HANDSHAKE.
 * @param gameServer the only destination that it allows
 */
export function startOpenNode(
  gameServer: Endpoint,
  io: 'auto' | 'batch' | 'portable',
  { protect, budget, budgetKbps, maxPpsPerClient }: OpenNodeOptions = {},
): Promise<RunningNode> {
  // Groups are the client's choice: the node answers in kind.
  const own = protect === undefined || protect.kind === 'groups' ? undefined : formatProtect(protect);
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
      protect: own,
      budgetKbps,
      budget: budget === undefined ? undefined : `${budget}%`,
    }),
  );
}
