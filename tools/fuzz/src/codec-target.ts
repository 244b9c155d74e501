import { ok as must } from 'node:assert/strict';
import {
  MAX_REFUSED_ENTRIES,
  MessageType,
  decode,
  encode,
  refusedDestinationsExtension,
  refusedPacketsExtension,
} from '@lightspeed/control';
import type { DecodingDialect, Report } from '@lightspeed/control';
import type { Random } from '@lightspeed/netem';
import { addTo } from './target.ts';
import type { Target } from './target.ts';

const DIALECTS: readonly DecodingDialect[] = ['standard', 'reference', 'detect'];
/** Types that there are, and one that there is not. */
const TYPES = [1, 2, 3, 4, 5, 6, 7, 0x40, 0x41, 0x42] as const;

/** What a report has before its extensions. */
const REPORT_BYTES = 20;
const REFUSED_IDS = [refusedPacketsExtension.id, refusedDestinationsExtension.id] as const;

/** The codec of control messages: any bytes give a message that is written again as it was, or a refusal. */
export class CodecTarget implements Target {
  input: Uint8Array = new Uint8Array(0);
  readonly #random: Random;
  readonly #bytes = new Uint8Array(1_024);
  readonly reached: Record<string, number> = {};

  constructor(random: Random) {
    this.#random = random;
  }

  step(): void {
    const random = this.#random;
    const bytes = this.#bytes;
    bytes[2] = random.pick(TYPES);
    const body = random.once(10) ? random.nextInt(1_000) : random.nextInt(60);
    // Fields are texts with a length in front, numbers, and extensions with a length: small bytes make many of them right.
    for (let at = 3; at < 3 + body; at++) bytes[at] = random.once(4) ? random.nextU32() : random.nextInt(12);
    // Extensions of a report whose length is right.
    if (bytes[2] === MessageType.report && body > REPORT_BYTES + 3 && !random.once(4)) {
      bytes.set([random.pick(REFUSED_IDS), 0, body - REPORT_BYTES - 3], 3 + REPORT_BYTES);
    }
    const claimed = random.once(20) ? random.nextInt(5_000) : body + 1;
    bytes[0] = claimed >> 8;
    bytes[1] = claimed;
    this.replay(bytes.subarray(0, random.once(20) ? random.nextInt(body + 4) : body + 3));
  }

  replay(bytes: Uint8Array): void {
    this.input = bytes;
    for (const dialect of DIALECTS) {
      const message = decode(bytes, dialect);
      const what = message.type === 'refused' ? message.code : message.type;
      addTo(this.reached, what);
      if (message.type === 'refused' || message.type === 'unknown') continue;
      if (message.type === 'report') this.#readRefused(message);
      const own = 'dialect' in message ? message.dialect : dialect === 'reference' ? 'reference' : 'standard';
      const again = encode(message, own);
      const isSame = own === 'standard' ? Buffer.compare(again, bytes) === 0 : isPrefix(again, bytes);
      must(isSame, `${dialect}: a message of type ${message.type} is written otherwise than it was read`);
    }
  }

  /** What a report says of refusals is read in any case, and what was read is written as it was read. */
  #readRefused({ extensions }: Report): void {
    for (const codec of [refusedPacketsExtension, refusedDestinationsExtension]) {
      const entries = codec.find(extensions);
      if (entries === undefined) continue;
      addTo(this.reached, `report with ${codec.id}`);
      must(entries.length <= MAX_REFUSED_ENTRIES, `a report has ${entries.length} entries of extension ${codec.id}`);
    }
    const packets = refusedPacketsExtension.find(extensions);
    if (packets !== undefined) {
      const again = refusedPacketsExtension.find([refusedPacketsExtension.encode(packets)]);
      must(JSON.stringify(again) === JSON.stringify(packets), 'what a report says of refused packets changes when it is written again');
    }
  }
}

/** Dialect `reference` ignores what follows its fixed fields, so that lengths differ. */
function isPrefix(short: Uint8Array, long: Uint8Array): boolean {
  return Buffer.compare(short.subarray(2), long.subarray(2, short.length)) === 0;
}
