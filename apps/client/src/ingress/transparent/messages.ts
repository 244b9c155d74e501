import type { Port } from '@lightspeed/wire';

/* What the half of a capture in the data-plane thread and the half on the main thread say to each other. IPv4 addresses are int32 bit patterns. */

/** A flow that was caught. */
export interface CaughtFlow {
  readonly sourceIp: number;
  readonly sourcePort: Port;
  readonly serverIp: number;
  readonly serverPort: Port;
}

/** From the main thread. */
export type CaptureCommand =
  /** The socket that has a server's address, for answers; none if the helper has refused it. It stays the main thread's to close. */
  { readonly type: 'capture-answer'; readonly serverIp: number; readonly serverPort: Port; readonly fd: number | undefined };

/** From the data-plane thread. */
export interface CaptureMessage {
  readonly type: 'capture';
  readonly event: CaptureEvent;
}

/** What has to be done about what was caught. */
export type CaptureEvent =
  /** Asks for a socket that has a server's address. */
  | { readonly type: 'answer-wanted'; readonly flow: CaughtFlow }
  /** A socket is not used any more. */
  | { readonly type: 'answer-closed'; readonly fd: number }
  /** The kernel shall carry this flow, after this datagram. */
  | { readonly type: 'direct'; readonly flow: CaughtFlow; readonly datagram: Uint8Array }
  /** The kernel shall carry what this socket of a program begins: it speaks with too many servers. */
  | { readonly type: 'peers'; readonly sourceIp: number; readonly sourcePort: Port };
