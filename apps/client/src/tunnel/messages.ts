import type { TunnelEvent, TunnelRegistration } from '@lightspeed/session';
import type { EngineKind } from '@lightspeed/udp';
import type { Dialect, Endpoint } from '@lightspeed/wire';
import type { ParsedTunnelSettings } from './settings.ts';

/** The slot of the nodeTunnel that leads to the node of `--via`; others count from 0. */
export const VIA_SLOT = -1;

/** One node that the tunnel may use: where it is, and what its registration gave. */
export interface NodeTunnelSettings {
  /** Which node of those in the settings; {@link VIA_SLOT} for the one through which a path of the others leads. */
  readonly slot: number;
  /** Its data-plane address. */
  readonly node: Endpoint;
  readonly dialect: Dialect;
  readonly token: number;
  readonly keepaliveMs: number;
  readonly registration: TunnelRegistration | undefined;
  /** The nonce of the session's next proof, one u64 that both threads count up. */
  readonly nonces: SharedArrayBuffer;
  /** Where its tunnel counts, laid out by `tunnelCountersIn`. */
  readonly counters: SharedArrayBuffer;
}

/** What the data-plane thread is started with. */
export interface WorkerInput {
  readonly settings: ParsedTunnelSettings;
  /** The first one is used until another is asked for. */
  readonly nodeTunnels: readonly NodeTunnelSettings[];
  readonly via: NodeTunnelSettings | undefined;
  /** Where the engine counts. */
  readonly udpCounters: SharedArrayBuffer;
  /** Where the engine notes its descriptors, to be closed by the main thread if the worker dies. */
  readonly fdLedger: SharedArrayBuffer;
}

/** From the main thread. */
export type Command =
  | { readonly type: 'close' }
  /** Adds a node tunnel, or puts it in the place of the one that has its slot. */
  | { readonly type: 'node-tunnel'; readonly nodeTunnel: NodeTunnelSettings }
  /** What local programs send goes by this node tunnel from now on. */
  | { readonly type: 'use'; readonly slot: number }
  /** Ends the session of a node tunnel that is not in use. */
  | { readonly type: 'end'; readonly slot: number }
  /** Gives a path another socket, bound to the same local address or to another one. */
  | { readonly type: 'rebind'; readonly path: number; readonly localIp: number | undefined };

/** From the data-plane thread, first: all sockets are bound, and the session is asked for next. */
export interface StartedMessage {
  readonly type: 'started';
  readonly io: EngineKind;
  readonly ioReason: string;
  readonly wakeFd: number | undefined;
  /** Where the ingresses listen, in the order of the settings. */
  readonly listens: readonly Endpoint[];
  /** The local addresses of the sockets towards the node, one per path. */
  readonly locals: readonly Endpoint[];
}

/** What happens to a node tunnel. */
export type NodeTunnelMessage =
  | { readonly type: 'event'; readonly slot: number; readonly event: TunnelEvent; readonly retryInMs: number | undefined }
  | { readonly type: 'path'; readonly slot: number; readonly path: number; readonly up: boolean }
  /** A keepalive was answered: its sequence number, and microseconds. */
  | { readonly type: 'roundTrip'; readonly slot: number; readonly sequence: number; readonly rttUs: number };

/** From the data-plane thread. */
export type WorkerMessage =
  | StartedMessage
  | NodeTunnelMessage
  /** Instead of `started`: a socket could not be opened; the thread ends. */
  | { readonly type: 'refused'; readonly message: string }
  /** A path has another socket. */
  | { readonly type: 'rebound'; readonly path: number; readonly local: Endpoint }
  /** A path could not get another socket, and keeps the one that it has. */
  | { readonly type: 'notRebound'; readonly path: number; readonly reason: string }
  /** As many keepalives as `maxKeepalives` allows are on their way. */
  | { readonly type: 'keepalivesSent' };
