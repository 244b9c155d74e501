/**
 * The certificate that a node showed, out of the state with which TLS could resume.
 *
 * The library gives a client no certificate. But it gives out the state with which TLS could resume. That
 * state has the certificate whose key signed this handshake, even if no authority vouched for it:
 *
 *     [length u64][SSL_SESSION, DER][length u64][transport parameters]
 *
 *     SSL_SESSION ::= SEQUENCE { version, sslVersion, cipher, sessionID, secret, [1] time, [2] timeout,
 *                                [3] peer Certificate, ... }
 *
 * The state also holds TLS's secret: it is never to be kept or printed.
 *
 * @module
 */

const LENGTH_BYTES = 8;
const SEQUENCE = 0x30;
/** Constructed, context-specific, number 3. */
const PEER_CERTIFICATE = 0xa3;

/** @returns the DER of the peer's certificate, aliasing `state`; undefined when `state` has none or another form */
export function certificateOf(state: Uint8Array): Uint8Array | undefined {
  if (state.length < LENGTH_BYTES) return undefined;
  const length = Number(new DataView(state.buffer, state.byteOffset, LENGTH_BYTES).getBigUint64(0));
  if (length > state.length - LENGTH_BYTES) return undefined;
  const resumed = readElement(state.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  if (resumed?.tag !== SEQUENCE) return undefined;

  for (let rest = resumed.content; rest.length > 0;) {
    const element = readElement(rest);
    if (element === undefined) return undefined;
    if (element.tag === PEER_CERTIFICATE) return element.content;
    rest = element.rest;
  }
  return undefined;
}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly rest: Uint8Array;
}

/** One element of DER (X.690, 8.1) with a tag of one byte. */
function readElement(bytes: Uint8Array): Element | undefined {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) return undefined;
  let length = first;
  let start = 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || bytes.length < 2 + count) return undefined;
    length = bytes.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
    start += count;
  }
  if (length > bytes.length - start) return undefined;
  return { tag, content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}
