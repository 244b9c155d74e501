/*
 * What the lab's program `test/capture/figures/main.ts` prints: what captures cost, and what is lost when one of their
 * processes is killed. Shares are of 1. Lists have a value for each round.
 */

/** All that it measures. */
export interface CaptureFigures {
  /** The same game by `lightspeed run` and by `lightspeed play`. */
  readonly loads: Readonly<Record<'run' | 'play', readonly LoadFigures[]>>;
  /** Round trips of one program, in milliseconds: by a socket that is not caught, and by one that is and goes directly. */
  readonly direct: Readonly<Record<'uncaught' | 'direct', { readonly p50: readonly number[]; readonly p99: readonly number[] }>>;
  /** Datagrams of a direct flow that came to the client. */
  readonly directInUserSpace: number;
  readonly kills: readonly KillFigures[];
}

/** CPU time in cores, and resident memory, of all processes of ours and of each. */
export interface LoadFigures {
  readonly cpuShare: number;
  readonly cpuShareOf: Readonly<Record<string, number>>;
  readonly residentBytes: number;
  readonly residentBytesOf: Readonly<Record<string, number>>;
  readonly lostShare: number;
}

/** From the kill of a process, in milliseconds. */
export interface KillFigures {
  readonly victim: string;
  /** Until the kernel has removed the rules. */
  readonly rulesGoneMs: number;
  /** Until the first flow began that passed, like all after it. */
  readonly newFlowsPassMs: number;
  /** Of what a direct flow sent within a second. */
  readonly directLostShare: number;
  /** The longest times without an answer: of a direct flow, and of one by the node. */
  readonly directSilentMs: number;
  readonly nodeSilentMs: number;
}
