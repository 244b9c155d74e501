/** What a relay wants around payloads, and what it takes to be let in: the only part of the load that differs. */
export interface Framing {
  /**
   * Writes what has to come in front of the payload of `lengthBytes` at `offset`.
   * @returns the bytes in front of it.
   */
  wrap(client: number, offset: number, lengthBytes: number, nowUs: number): number;
  /**
   * A packet that has to follow the one that was just wrapped, such as parity; its bytes stay until {@link sent}.
   * @returns its length, and sets {@link extraOffset}; 0 for none.
   */
  extra(client: number, nowUs: number): number;
  readonly extraOffset: number;
  /** What was handed out is with the kernel. */
  sent(): void;
  /** @returns where the payload of an answer begins; {@link NO_PAYLOAD} or {@link WRONG} */
  unwrap(client: number, offset: number, lengthBytes: number): number;

  /** Has whoever is let in only for a time ask again. */
  renew(): void;
  /** Whether data may be sent. */
  isOpen(client: number): boolean;
  /** Writes what the client has to say next to be let in. @returns its length */
  writeOpening(client: number, offset: number, nowUs: number): number;
  /** Reads an answer to that. */
  readOpening(client: number, offset: number, lengthBytes: number): void;
}

/** A datagram that is no answer with a payload. */
export const NO_PAYLOAD = -1;
/** A datagram whose header is not what an answer must have. */
export const WRONG = -2;

/** A framing as it is told to the process of the load generator. */
export type FramingPlan =
  | { readonly kind: 'plain' }
  /** Headers of 20 bytes for a relay that strips them and puts them in front, but looks at nothing in them. */
  | { readonly kind: 'header' }
  | {
      readonly kind: 'lstp';
      /** Packets per FEC group, 0 for version 1. */
      readonly groupSize: number;
      /** The name of the clients' sessions; those of nobody when left out, for a node that lets anybody in. */
      readonly registrations?: string;
    }
  | { readonly kind: 'turn' };
