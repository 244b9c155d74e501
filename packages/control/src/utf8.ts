/**
 * Strict UTF-8 (RFC 3629), because the language's own library has no codec for it. It allows no overlong forms, no
 * surrogates, nothing above U+10FFFF, and no replacement characters in either direction. A byte order mark is text.
 */

/** The text in `bytes[start, end)`, undefined when they are not valid UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let at = start;
  while (at < end) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      at += 1;
      continue;
    }
    const length = sequenceBytes(lead);
    if (length === 0 || at + length > end) return undefined;
    const second = bytes[at + 1] ?? 0;
    // With the second byte's range, the only thing that can be wrong with the rest is that it does not continue.
    if (second < lowestSecond(lead) || second > highestSecond(lead)) return undefined;
    let codePoint = lead & (0xff >> (length + 1));
    for (let i = 1; i < length; i += 1) {
      const next = bytes[at + i] ?? 0;
      if ((next & 0xc0) !== 0x80) return undefined;
      codePoint = (codePoint << 6) | (next & 0x3f);
    }
    text += String.fromCodePoint(codePoint);
    at += length;
  }
  return text;
}

/** The bytes of `text`, a fresh array; undefined when it holds half a surrogate pair, which no UTF-8 can say. */
export function encodeUtf8(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) return undefined;
    if (codePoint < 0x80) bytes.push(codePoint);
    else if (codePoint < 0x800) bytes.push(0xc0 | (codePoint >> 6), continuation(codePoint));
    else if (codePoint < 0x1_0000) bytes.push(0xe0 | (codePoint >> 12), continuation(codePoint >> 6), continuation(codePoint));
    else {
      bytes.push(0xf0 | (codePoint >> 18), continuation(codePoint >> 12), continuation(codePoint >> 6), continuation(codePoint));
    }
  }
  return Uint8Array.from(bytes);
}

function continuation(bits: number): number {
  return 0x80 | (bits & 0x3f);
}

/** Length of the sequence that a lead byte opens, 0 when it opens none: 0x80 to 0xC1 and 0xF5 to 0xFF. */
function sequenceBytes(lead: number): number {
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

/** Below this the sequence would be overlong. */
function lowestSecond(lead: number): number {
  if (lead === 0xe0) return 0xa0;
  return lead === 0xf0 ? 0x90 : 0x80;
}

/** Above this the sequence would be a surrogate, or beyond U+10FFFF. */
function highestSecond(lead: number): number {
  if (lead === 0xed) return 0x9f;
  return lead === 0xf4 ? 0x8f : 0xbf;
}
