import type { Dialect } from '@lightspeed/wire';
import { HEADER_BYTES } from '@lightspeed/wire';
import { explainPacket } from './explain-packet.ts';
import { locateFrame } from './locate-frame.ts';
import type { DumpedPacket } from './text-input/dumped-packet.ts';

/** What bytes from a text are: a packet of the tunnel as it is, a frame that holds it, or what nobody can tell. */
export type Layered =
  | { readonly kind: 'bare'; readonly bytes: Uint8Array; readonly hint: string | undefined }
  | { readonly kind: 'frame'; readonly bytes: Uint8Array; readonly linkType: number; readonly time: string | undefined }
  | { readonly kind: 'unclear'; readonly why: string };

/** The time with which tcpdump begins the line above its hexdump. */
const TCPDUMP_LINE = /^((?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d{1,9}|\d{1,12}\.\d{6,9}) (.*)$/;

/**
 * Finds out where packets begin in the bytes that a text shows. Headers of IP and links are believed where they can be checked, and
 * once they were, the rest of the text is read likewise.
 */
export class TextLayers {
  readonly #dialect: Dialect;
  #linkType: number | undefined;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  layer(packet: DumpedPacket): Layered[] {
    if (packet.rows.length === 0) return [this.#one(packet.bytes, packet.heading)];
    const isJoined = this.#isSound(packet.bytes);
    const areApart = packet.rows.every((row) => this.#isSound(row));
    if (isJoined && areApart && !areOfOneFlow(packet.rows)) {
      const why = `${packet.rows.length} lines of digits may be one packet of ${packet.bytes.length} bytes or one a line`;
      return [{ kind: 'unclear', why: `${why}; leave an empty line between packets, or give one packet with "xxd" without -p` }];
    }
    const together = isJoined && !areApart;
    return together ? [this.#one(packet.bytes, '')] : packet.rows.map((row) => this.#one(row, ''));
  }

  #one(bytes: Uint8Array, heading: string): Layered {
    const located = locateFrame(bytes);
    const [, time, what = ''] = TCPDUMP_LINE.exec(heading) ?? [];
    if (located.linkType !== undefined) {
      this.#linkType = located.linkType;
      return { kind: 'frame', bytes, linkType: located.linkType, time };
    }
    if ('names' in located) return { kind: 'unclear', why: `it may begin with ${located.names.join(' or ')}; give the capture itself` };
    if (this.#linkType !== undefined) return { kind: 'frame', bytes, linkType: this.#linkType, time };
    if (time !== undefined) {
      const got = what.split(' ', 1)[0].replace(/,$/, '');
      const why = `${bytes.length} bytes below a line of tcpdump (${got}) do not begin with a sound header of IP or Ethernet`;
      return { kind: 'unclear', why: `${why}; give the capture itself, as "tcpdump -w -" writes it` };
    }
    return { kind: 'bare', bytes, hint: located.hint };
  }

  #isSound(bytes: Uint8Array): boolean {
    return locateFrame(bytes).linkType !== undefined || explainPacket(bytes, this.#dialect).refusal === undefined;
  }
}

/** Rows that name the same token and addresses at the same places are packets each. */
function areOfOneFlow(rows: readonly Uint8Array[]): boolean {
  const [first] = rows.map(flowOf);
  return rows.every((row) => flowOf(row) === first);
}

function flowOf(packet: Uint8Array): string {
  return Buffer.from(packet.subarray(8, HEADER_BYTES)).toString('hex') + packet[1].toString();
}
