import { HEADER_BYTES, VERSION_PLAIN, writeHeader } from '@lightspeed/wire';
import { PlainFraming } from './plain-framing.ts';

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
    return lengthBytes < HEADER_BYTES ? -1 : offset + HEADER_BYTES;
  }
}
