import type { ProofNoncesState } from '@lightspeed/security';
import type { AddressHandle, Microseconds, PathNumber, Port, SequenceNumber } from '@lightspeed/wire';
import type { ProtectionTerms } from '../protection/agreed/protection-terms.ts';
import type { MultipathMode } from '../base/multipath.ts';

/**
 * A session of a registration as it outlives its relay. All numbers unsigned; plain values only, so that it can be cloned to
 * another thread or written to a file (the nonces are bigints). Addresses of clients and the node are texts: a handle means
 * something in its own relay only.
 */
export interface SessionSnapshot {
  readonly sessionId: number;
  readonly multipath: MultipathMode;
  /** The primary path first. */
  readonly paths: readonly PathSnapshot[];
  /** The next downstream sequence number and group id. */
  readonly sequence: SequenceNumber;
  readonly groupId: number;
  readonly nonces: ProofNoncesState;
  /** The nonce of the proof that opened it; 0 if there was none. */
  readonly openingNonce: bigint;
  /** The timestamp of its newest packet with a tag, int32; undefined if its packets have no tags. */
  readonly newestTagUs?: Microseconds | undefined;
  /** What its ends have agreed on for protection from loss; undefined for nothing. */
  readonly protection?: ProtectionTerms | undefined;
  readonly flows: readonly FlowSnapshot[];
}

/** One path of a session in a snapshot. */
export interface PathSnapshot {
  readonly number: PathNumber;
  /** The client's, as `formatAddressWords` of @lightspeed/wire writes it. */
  readonly address: string;
  readonly port: Port;
  /** The node's own address that the client speaks to; `0.0.0.0` if it is not known. */
  readonly local: string;
  /** Whether the address has shown that it receives what is sent there. */
  readonly isValidated: boolean;
}

/** Inner addresses are IPv4, as the header has them. */
export interface FlowSnapshot {
  readonly clientIp: AddressHandle;
  readonly clientPort: Port;
  readonly serverIp: AddressHandle;
  readonly serverPort: Port;
  /** The local port of its egress socket: the server knows the player by it. */
  readonly egressPort: Port;
  readonly groupSize: number;
}
