import { HEADER_BYTES, VERSION_PLAIN, writeHeader } from '@lightspeed/wire';

/** What clients put around payloads. */
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

/** A datagram that is no answer with a payload. */
export const NO_PAYLOAD = -1;
/** A datagram whose header is not what an answer must have. */
export const WRONG = -2;

/**
 * What a relay wants around payloads, and what it takes to be let in: the only part of the load that differs. This one
 * leaves payloads as they are, for relays that know where to send by the port on which they listen, and let everybody in.
 */
export class Framing {
  extraOffset = 0;

  /**
   * Writes what has to come in front of the payload of `lengthBytes` at `offset`.
   * @returns the bytes in front of it.
   */
  wrap(_client: number, _offset: number, _lengthBytes: number, _nowUs: number): number {
    return 0;
  }

  /**
   * A packet that has to follow the one that was just wrapped, such as parity; its bytes stay until {@link sent}.
   * @returns its length, and sets {@link extraOffset}; 0 for none.
   */
  extra(_client: number, _nowUs: number): number {
    return 0;
  }

  /** What was handed out is with the kernel. */
  sent(): void {
    // Nothing was handed out.
  }

  /** @returns where the payload of an answer begins; {@link NO_PAYLOAD} or {@link WRONG} */
  unwrap(_client: number, offset: number, _lengthBytes: number): number {
    return offset;
  }

  /** Has whoever is let in only for a time ask again. */
  renew(): void {
    // Who is let in stays so.
  }

  /** Whether data may be sent. */
  isOpen(_client: number): boolean {
    return true;
  }

  /** Writes what the client has to say next to be let in. @returns its length */
  writeOpening(_client: number, _offset: number, _nowUs: number): number {
    return 0;
  }

  /** Reads an answer to that. */
  readOpening(_client: number, _offset: number, _lengthBytes: number): void {
    // Nothing is asked for.
  }
}

/** Headers like those of version 1 for a relay without sessions, which takes whoever comes and reads nothing in them. */
export class HeaderFraming extends Framing {
  readonly #bytes: Uint8Array;
  readonly #sequences: Uint16Array;

  constructor(bytes: Uint8Array, clients: number) {
    super();
    this.#bytes = bytes;
    this.#sequences = new Uint16Array(clients);
  }

  override wrap(client: number, offset: number, _lengthBytes: number, nowUs: number): number {
    writeHeader(this.#bytes, offset - HEADER_BYTES, VERSION_PLAIN, 0, 1, ++this.#sequences[client] & 0xffff, nowUs, 0, 0, 0, 0);
    return HEADER_BYTES;
  }

  override unwrap(_client: number, offset: number, lengthBytes: number): number {
    return lengthBytes < HEADER_BYTES ? NO_PAYLOAD : offset + HEADER_BYTES;
  }
}
