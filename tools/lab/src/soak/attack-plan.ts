import type { Endpoint } from '@lightspeed/wire';
import { EngineThread } from './engine-thread.ts';

/** What attackers do to a node. */
export interface AttackPlan {
  readonly io: 'auto' | 'batch' | 'portable';
  readonly node: Endpoint;
  /** One attacker each: addresses of loopback that nobody else uses, for the node may ban them. */
  readonly sourceIps: readonly number[];
  /** A server to which the node lets packets through. */
  readonly server: Endpoint;
  readonly datagramsPerSecond: number;
  readonly seed: number;
  /** Longer ones than this cannot reach the node's program whole. */
  readonly longestDatagramBytes: number;
}

/** Positions of the attackers' figures. */
export const AttackFigure = {
  /** Datagrams that the kernel took. */
  sent: 0,
  /** Of those, longer than the node receives. */
  oversized: 1,
  /** Datagrams that the kernel refused to take. */
  unsent: 2,
  /** Datagrams that the node sent to attackers. */
  answers: 3,
  /** Sessions that attackers opened. */
  sessions: 4,
} as const;

/** Starts the attackers. They send until the thread is stopped. */
export function startAttack(plan: AttackPlan): Promise<EngineThread<null>> {
  return EngineThread.start(new URL('./attack-thread.ts', import.meta.url), Object.keys(AttackFigure).length, plan);
}
