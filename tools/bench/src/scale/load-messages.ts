import type { Latencies } from './latency-counts.ts';

/** What a load process stands for: some of the sessions, and their game servers. */
export interface LoadStart {
  readonly node: { readonly ip: number; readonly port: number };
  readonly firstSession: number;
  readonly sessions: number;
  /** Whether the sessions are registered, each with its token. */
  readonly registered: boolean;
}

/** From the run to a load process. Each is answered by one {@link LoadAnswer}. */
export type LoadTask =
  | ({ readonly type: 'start' } & LoadStart)
  /** Open every session with a HANDSHAKE and a first packet to its game server, so many a second. */
  | { readonly type: 'open'; readonly ratePps: number; readonly timeoutMs: number }
  /** Send packets by the first `sessions` sessions in turn, so many a second in all. */
  | { readonly type: 'send'; readonly sessions: number; readonly ratePps: number; readonly forMs: number };

export interface LoadAnswer {
  /** Sessions whose first packet came back. */
  readonly opened: number;
  readonly sent: number;
  readonly received: number;
  readonly latencies: Latencies;
}
