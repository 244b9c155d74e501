import type { IpPacket } from './ip-packet.ts';

/** Packets of which parts are kept at once; the oldest gives way. */
const MAX_PACKETS = 64;
const MAX_PARTS = 64;
const MAX_CONTENT_BYTES = 65_535;

interface Parts {
  /** The one that begins the packet, which knows what it carries. */
  first: IpPacket | undefined;
  totalBytes: number | undefined;
  bytes: number;
  readonly byOffset: Map<number, Uint8Array>;
}

/** Puts IP packets together that were sent in parts. What it keeps is bounded, whatever comes. */
export class FragmentStore {
  readonly #packets = new Map<string, Parts>();

  /** Packets of which parts are missing. */
  get incompleteCount(): number {
    return this.#packets.size;
  }

  /** @returns the whole packet, if this was the last part that was missing. */
  add(packet: IpPacket): IpPacket | undefined {
    const { fragment, content, missingBytes } = packet;
    if (fragment === undefined) return packet;
    const { key, offset, isLast } = fragment;
    const parts = this.#packets.get(key) ?? this.#begin(key);
    if (offset === 0) parts.first = packet;
    if (isLast) parts.totalBytes = offset + content.length;
    if (!parts.byOffset.has(offset)) parts.bytes += content.length;
    parts.byOffset.set(offset, content);
    if (missingBytes > 0 || parts.byOffset.size > MAX_PARTS || parts.bytes > MAX_CONTENT_BYTES) this.#packets.delete(key);
    if (parts.first === undefined || parts.totalBytes !== parts.bytes) return undefined;
    const whole = joined(parts);
    this.#packets.delete(key);
    return whole === undefined ? undefined : { ...parts.first, content: whole, fragment: undefined };
  }

  #begin(key: string): Parts {
    const oldest = this.#packets.keys().next();
    if (this.#packets.size >= MAX_PACKETS && oldest.done !== true) this.#packets.delete(oldest.value);
    const parts: Parts = { first: undefined, totalBytes: undefined, bytes: 0, byOffset: new Map() };
    this.#packets.set(key, parts);
    return parts;
  }
}

/** Parts that overlap or leave a gap give nothing. */
function joined({ byOffset, bytes }: Parts): Uint8Array | undefined {
  const whole = new Uint8Array(bytes);
  let end = 0;
  for (const [offset, content] of [...byOffset].sort(([a], [b]) => a - b)) {
    if (offset !== end) return undefined;
    whole.set(content, offset);
    end += content.length;
  }
  return whole;
}
