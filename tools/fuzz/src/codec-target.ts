import { decode, encode } from '@lightspeed/control';
import type { DecodingDialect } from '@lightspeed/control';
import type { Random } from '@lightspeed/netem';
import { addTo, must } from './target.ts';
import type { Target } from './target.ts';

const DIALECTS: readonly DecodingDialect[] = ['standard', 'reference', 'detect'];
/** Types that there are, and one that there is not. */
const TYPES = [1, 2, 3, 4, 5, 6, 7, 0x40, 0x41] as const;

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
      const own = 'dialect' in message ? message.dialect : dialect === 'reference' ? 'reference' : 'standard';
      const again = encode(message, own);
      const isSame = own === 'standard' ? Buffer.compare(again, bytes) === 0 : isPrefix(again, bytes);
      must(isSame, `${dialect}: a message of type ${message.type} is written otherwise than it was read`);
    }
  }
}

/** Dialect `reference` ignores what follows its fixed fields, so that lengths differ. */
function isPrefix(short: Uint8Array, long: Uint8Array): boolean {
  return Buffer.compare(short.subarray(2), long.subarray(2, short.length)) === 0;
}
