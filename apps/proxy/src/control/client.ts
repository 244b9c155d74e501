import type { DisconnectReason, OutgoingMessage } from '@lightspeed/control';
import type { ProofNonces } from '@lightspeed/security';
import type { RegisteredClient } from '../data-plane/messages.ts';

/** The control connection of a client, as the registrations see it. */
export interface ClientLink {
  /** Sends on the stream that the client registered on; what cannot be sent any more is lost. */
  send(message: OutgoingMessage): void;
  /** Says why, and closes. */
  dismiss(reason: DisconnectReason, text: string): Promise<void>;
}

/** A client that is registered. */
export interface Client {
  /** As the workers know it. */
  registered: RegisteredClient;
  /** Which resumes were used already; undefined before the first. */
  resumes: ProofNonces | undefined;
  /** As it came with the Register. */
  readonly ticket: Uint8Array | undefined;
  /** Undefined while the control connection is lost. */
  link: ClientLink | undefined;
  /**
   * When it was lost, and when it is to be looked at again; on the clock of `performance.now`, in whole milliseconds: of
   * every fraction V8 makes an object.
   */
  lostMs: number;
  lookAtMs: number;
}

/** Why a Register was not accepted. */
export interface RegisterRefusal {
  readonly type: 'refused';
  readonly reason: DisconnectReason;
  /** For people. */
  readonly text: string;
  /** For counters. */
  readonly code: string;
}
