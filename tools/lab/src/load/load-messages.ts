import type { Endpoint } from '@lightspeed/wire';
import type { FramingPlan } from './framing.ts';
import type { RegisteredSession } from './registrants.ts';

/** What the process of the load generator is asked; each question has one answer. */
export type LoadQuestion =
  /** Opens the sockets of clients and game servers: they take turns in the addresses, and clients in the servers. */
  | { readonly ask: 'open sockets'; readonly plan: SocketsPlan }
  /** Tells it of sessions at a node, by a name for framings of kind `lstp`. */
  | { readonly ask: 'take sessions'; readonly name: string; readonly registered: readonly RegisteredSession[] }
  | { readonly ask: 'let clients in'; readonly target: LoadTarget; readonly perSecond: number }
  | { readonly ask: 'run a window'; readonly target: LoadTarget; readonly plan: WindowPlan };

/** Which sockets the load generator opens. */
export interface SocketsPlan {
  readonly clients: number;
  readonly sourceIps: readonly number[];
  /** The addresses of the game servers, each of which echoes. */
  readonly serverIps: readonly number[];
}

/** A relay as clients see it. */
export interface LoadTarget {
  /** Targets are told apart by this. */
  readonly name: string;
  readonly framing: FramingPlan;
  readonly address: Endpoint;
  /** How many of the clients take part. */
  readonly clients: number;
}

/** How many clients were let in. */
export interface OpenResult {
  /** Clients that are let in. */
  readonly open: number;
  /** Datagrams that asked for it. */
  readonly asked: number;
}

/** One window of load. */
export interface WindowPlan {
  /** On the machine's monotonic clock. */
  readonly startUs: number;
  /** Packets per second over all clients. */
  readonly ratePps: number;
  /** What is due within so many microseconds is sent at once; 0 for every packet when it is due. */
  readonly grainUs: number;
  /** Packets that a client sends at a time. */
  readonly burst: number;
  readonly warmUpMs: number;
  /** The load goes on for so long before and behind what is measured, so that CPU time is read outside of it. */
  readonly guardMs: number;
  readonly measureMs: number;
  /** How long a silence has to be before missing answers are given up. */
  readonly timeoutMs: number;
  /**
   * For runs that look for what is wrong, not for what it costs. They have payloads of many lengths whose content is
   * looked at, and turns with pauses between them. There are no more packets without an answer than the kernel's buffers
   * hold.
   */
  readonly careful?: boolean;
}
