import type { Endpoint } from '@lightspeed/wire';
import { EngineThread } from './engine-thread.ts';

/** What a load generator does: open sessions, have each send its packets at a steady rate, count the answers. */
export interface LoadPlan {
  readonly io: 'auto' | 'batch' | 'portable';
  readonly node: Endpoint;
  /** Clients take turns in using them, so that each has about as many. Any addresses of loopback. */
  readonly sourceIps: readonly number[];
  /** Servers that echo; clients take turns in using them. */
  readonly servers: readonly Endpoint[];
  readonly clients: number;
  readonly opensPerSecond: number;
  readonly packetsPerClient: number;
  readonly packetsPerSecondPerClient: number;
}

/** Positions of a load generator's figures. */
export const LoadFigure = {
  /** Clients with a session. */
  opened: 0,
  /** HANDSHAKEs that had to be sent again. */
  retries: 1,
  /** Data packets sent, and different ones that were answered to their own client. */
  sent: 2,
  answered: 3,
  /** Answers that came again. */
  duplicates: 4,
  /** Answers that came to another client than the one that had asked. */
  misdelivered: 5,
  /** Answers whose header or content is not what it must be. */
  corrupted: 6,
  /** Datagrams that are no answers: FINs of the node, or from other addresses. */
  others: 7,
  /** Datagrams of any kind that the kernel took. */
  datagramsSent: 8,
  /** Datagrams that the kernel dropped in front of the generator's own sockets. */
  kernelDrops: 9,
  /** Turns in which less was sent than due, because too much was unanswered. */
  heldBack: 10,
  /** 1 once there is nothing more to send or to wait for. The sockets stay open until the thread is stopped. */
  done: 11,
} as const;

/** Starts a load generator. It sends at once. */
export function startLoad(plan: LoadPlan): Promise<EngineThread<null>> {
  return EngineThread.start(new URL('./load-thread.ts', import.meta.url), Object.keys(LoadFigure).length, plan);
}
