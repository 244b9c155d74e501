import { HEADER_BYTES, VERSION_PLAIN, writeHeader } from '@lightspeed/wire';
import { NO_PAYLOAD } from './framing.ts';
import type { Framing } from './framing.ts';

/** Payloads as they are: for relays that know where to send by the port on which they listen. */
export class PlainFraming implements Framing {
  readonly extraOffset = 0;

  wrap(_client: number, _offset: number, _lengthBytes: number, _nowUs: number): number {
    return 0;
  }

  extra(_client: number, _nowUs: number): number {
    return 0;
  }

  sent(): void {
    // Nothing was handed out.
  }

  unwrap(_client: number, offset: number, _lengthBytes: number): number {
    return offset;
  }

  renew(): void {
    // Who is let in stays so.
  }

  isOpen(_client: number): boolean {
    return true;
  }

  writeOpening(_client: number, _offset: number, _nowUs: number): number {
    return 0;
  }

  readOpening(_client: number, _offset: number, _lengthBytes: number): void {
    // Nothing is asked for.
  }
}

/** Headers like those of version 1 for a relay without sessions, which takes whoever comes and reads nothing in them. */
export class HeaderFraming extends PlainFraming {
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
