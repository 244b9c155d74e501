import type { TunnelEvent } from '@lightspeed/session';
import type { EngineKind } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import type { ParsedTunnelSettings } from './settings.ts';

/** What the data-plane thread is started with. */
export interface WorkerInput {
  readonly settings: ParsedTunnelSettings;
  /** Where the tunnel counts, laid out by `tunnelCountersIn`. */
  readonly counters: SharedArrayBuffer;
  /** Where the engine counts. */
  readonly udpCounters: SharedArrayBuffer;
  /** Where the engine notes its descriptors, to be closed by the main thread if the worker dies. */
  readonly fdLedger: SharedArrayBuffer;
}

/** From the main thread. */
export interface CloseMessage {
  readonly type: 'close';
}

/** From the data-plane thread, first: all sockets are bound, and the session is asked for next. */
export interface StartedMessage {
  readonly type: 'started';
  readonly io: EngineKind;
  readonly ioReason: string;
  readonly wakeFd: number | undefined;
  /** Where the entrances listen, in the order of the settings. */
  readonly listens: readonly Endpoint[];
  /** The local port of the socket towards the node. */
  readonly localPort: number;
}

/** From the data-plane thread. */
export type WorkerMessage =
  | StartedMessage
  /** Instead of `started`: a socket could not be opened; the thread ends. */
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'event'; readonly event: TunnelEvent; readonly retryInMs: number | undefined }
  /** A keepalive was answered: its sequence number, and microseconds. */
  | { readonly type: 'roundTrip'; readonly sequence: number; readonly rttUs: number }
  /** As many keepalives as `maxKeepalives` allows are on their way. */
  | { readonly type: 'keepalivesSent' };
