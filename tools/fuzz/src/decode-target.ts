import { ok as must } from 'node:assert/strict';
import { DROP_REASON_NAMES, TunnelHeader, checkTaggedPacket, hasTag, isDropReason } from '@lightspeed/wire';
import type { Dialect } from '@lightspeed/wire';
import { Datagrams, MAX_DATAGRAM_BYTES } from './datagrams.ts';
import type { Random } from '@lightspeed/netem';
import { addTo } from './target.ts';
import type { Target } from './target.ts';

const DIALECTS: readonly Dialect[] = ['standard', 'reference'];
const ANY = [
  { ip: 0, port: 0 },
  { ip: 0xc633_6407, port: 7_777 },
  { ip: 0xffff_ffff, port: 65_535 },
];

/** The decoder of packets: any bytes give a packet that can be written again as it was, or a reason. */
export class DecodeTarget implements Target {
  input: Uint8Array = new Uint8Array(0);
  readonly #random: Random;
  readonly #datagrams: Datagrams;
  readonly #bytes = new Uint8Array(2 * MAX_DATAGRAM_BYTES);
  readonly reached: Record<string, number> = {};

  constructor(random: Random) {
    this.#random = random;
    this.#datagrams = new Datagrams(random);
  }

  step(): void {
    const random = this.#random;
    const of = { dialect: random.pick(DIALECTS), tokens: [0, 1, 255], sources: ANY, destinations: ANY, nowUs: random.nextU32() };
    const length = this.#datagrams.write(this.#bytes, 0, of);
    this.replay(this.#bytes.subarray(0, length));
  }

  replay(bytes: Uint8Array): void {
    this.input = bytes;
    for (const dialect of DIALECTS) {
      const decoded = TunnelHeader.decodeWithPayload(bytes, dialect);
      if (isDropReason(decoded)) {
        addTo(this.reached, `${dialect} ${DROP_REASON_NAMES[decoded]}`);
        continue;
      }
      addTo(this.reached, `${dialect} ${decoded.header.kind}`);
      const again = decoded.header.encodeWithPayload(decoded.payload, dialect);
      must(Buffer.compare(again, bytes) === 0, `${dialect}: a packet is written otherwise than it was read`);
    }
    if (hasTag(bytes, 0, bytes.length))
      addTo(this.reached, `tagged ${DROP_REASON_NAMES[checkTaggedPacket(bytes, 0, bytes.length)] ?? 'valid'}`);
  }
}
