/** A datagram that left or came, with the far end's address. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly ip: number;
  readonly port: number;
  /** The node's own address; 0 if it is not known. */
  readonly local?: number;
}

/** A payload that left by an egress socket. */
export interface EgressDatagram extends Datagram {
  readonly egress: number;
}
