import type { RegisteredSession } from '@lightspeed/lab';
import type { Endpoint } from '@lightspeed/wire';
import type { FramingPlan } from './framing.ts';
import type { WindowResult } from './window-run.ts';

/** What the process of the load generator is asked; each question has one answer. */
export type LoadQuestion =
  /** Opens the clients' sockets, which take turns in the addresses, and the game server's. */
  | { readonly ask: 'sockets'; readonly clients: number; readonly sourceIps: readonly number[]; readonly serverIp: number }
  /** Tells it of sessions at a node, by a name for framings of kind `lstp`. */
  | { readonly ask: 'sessions'; readonly name: string; readonly registered: readonly RegisteredSession[] }
  | { readonly ask: 'open'; readonly target: LoadTarget }
  | { readonly ask: 'window'; readonly target: LoadTarget; readonly plan: WindowPlan };

/** A relay as clients see it. */
export interface LoadTarget {
  /** Targets are told apart by this. */
  readonly name: string;
  readonly framing: FramingPlan;
  readonly address: Endpoint;
  /** The game server's address as the relay shall reach it; the generator's own when left out. */
  readonly gameServer?: Endpoint;
  /** How many of the clients take part. */
  readonly clients: number;
}

export interface WindowPlan {
  /** On the machine's monotonic clock. */
  readonly startUs: number;
  readonly ratePps: number;
  readonly grainUs: number;
  /** Packets that a client sends at a time. */
  readonly burst: number;
  readonly warmUpMs: number;
  readonly guardMs: number;
  readonly measureMs: number;
  /** How long a silence has to be before missing answers are given up. */
  readonly timeoutMs: number;
}

export type LoadAnswer =
  | { readonly answer: 'sockets'; readonly gameServer: Endpoint; readonly receiveBufferBytes: number }
  | { readonly answer: 'sessions' }
  | { readonly answer: 'open'; readonly open: number }
  | { readonly answer: 'window'; readonly result: WindowResult }
  | { readonly answer: 'error'; readonly message: string };
