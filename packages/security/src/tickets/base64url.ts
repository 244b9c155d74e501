const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const CHARACTER = /^[A-Za-z0-9_-]*$/;

/** Base64url without padding (RFC 4648, 5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let heldBits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    for (heldBits += 8; heldBits >= 6;) {
      heldBits -= 6;
      text += ALPHABET[(held >> heldBits) & 63];
    }
  }
  return heldBits === 0 ? text : text + ALPHABET[(held << (6 - heldBits)) & 63];
}

/**
 * Reads exactly what {@link encodeBase64Url} writes, so every sequence of bytes has one text. It refuses padding, other
 * characters, and bits after the last byte that are not 0.
 */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  if (!CHARACTER.test(text) || text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let at = 0;
  let held = 0;
  let heldBits = 0;
  for (const character of text) {
    held = ((held << 6) | ALPHABET.indexOf(character)) & 0xffff;
    heldBits += 6;
    if (heldBits < 8) continue;
    heldBits -= 8;
    bytes[at++] = (held >> heldBits) & 0xff;
  }
  return (held & ((1 << heldBits) - 1)) === 0 ? bytes : undefined;
}
