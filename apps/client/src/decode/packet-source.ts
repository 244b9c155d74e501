import { ClientError } from '../base/errors.ts';
import type { CapturedFrame, FrameReader } from './capture-file/captured-frame.ts';
import { MAGIC_BYTES, frameReaderFor } from './capture-file/frame-reader.ts';
import type { DumpedPacket } from './text-input/dumped-packet.ts';
import { MAX_DUMPED_BYTES, notHex } from './text-input/hex-error.ts';
import { TextReader } from './text-input/text-reader.ts';

/** What an input is told by, if it does not begin as a capture: a line, or so many bytes. */
const MAX_SNIFFED_BYTES = 65_536;
const MAX_LINE_CHARS = 1024 * 1024;
const LINE_FEED = 0x0a;

/** One thing that an input brought: a frame of a capture, bytes that a text shows, or one packet in binary. */
export type InputPacket =
  | { readonly kind: 'frame'; readonly frame: CapturedFrame }
  | { readonly kind: 'text'; readonly packet: DumpedPacket }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array };

/**
 * Reads an input as it comes: a capture in pcap or pcapng, text in hexadecimal, or one packet in binary. Its first bytes decide which.
 * It holds no more than one frame, line or packet.
 * @throws {ClientError} `ERR_CLIENT_DAMAGED_CAPTURE` or `ERR_CLIENT_NOT_HEX`, behind what could be read.
 */
export async function* packetsOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<InputPacket> {
  const chunks = input[Symbol.asyncIterator]();
  const start = await gather(chunks, (bytes) => bytes.length >= MAGIC_BYTES);
  const reader = frameReaderFor(start);
  if (reader !== undefined) {
    yield* framesOf(reader, start, chunks);
    return;
  }
  const more = await gather(chunks, (bytes) => bytes.includes(LINE_FEED) || bytes.length >= MAX_SNIFFED_BYTES, start);
  if (isText(more)) yield* textOf(more, chunks);
  else yield { kind: 'binary', bytes: await gather(chunks, () => false, more) };
}

/** What a text shows may be a capture as a whole, as by `xxd capture.pcap`. */
export function framesIn(packet: DumpedPacket): InputPacket[] | undefined {
  const reader = packet.isDump || packet.rows.length > 0 ? frameReaderFor(packet.bytes) : undefined;
  if (reader === undefined) return undefined;
  reader.add(packet.bytes);
  const frames = [...taken(reader)];
  reader.end();
  return frames;
}

async function* framesOf(reader: FrameReader, start: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<InputPacket> {
  reader.add(start);
  yield* taken(reader);
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    reader.add(next.value);
    yield* taken(reader);
  }
  reader.end();
}

function* taken(reader: FrameReader): Generator<InputPacket> {
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) yield { kind: 'frame', frame };
}

async function* textOf(start: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<InputPacket> {
  const reader = new TextReader();
  const decoder = new TextDecoder();
  let rest = decoder.decode(start, { stream: true });
  for (let isOver = false; !isOver;) {
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_CHARS) throw notHex(`a line of more than ${MAX_LINE_CHARS} characters`);
    for (const line of lines) yield* reader.add(line.replace(/\r$/, '')).map(asInput);
    const next = await chunks.next();
    isOver = next.done === true;
    if (next.done !== true) rest += decoder.decode(next.value, { stream: true });
  }
  if (rest !== '') yield* reader.add(rest.replace(/\r$/, '')).map(asInput);
  yield* reader.end().map(asInput);
}

function asInput(packet: DumpedPacket): InputPacket {
  return { kind: 'text', packet };
}

/** Reads until it is enough, or the input ends. */
async function gather(
  chunks: AsyncIterator<Uint8Array>,
  isEnough: (bytes: Uint8Array) => boolean,
  start: Uint8Array = new Uint8Array(0),
): Promise<Uint8Array> {
  const pieces = [start];
  let length = start.length;
  for (let last = start; !isEnough(length < MAGIC_BYTES ? Buffer.concat(pieces) : last);) {
    const next = await chunks.next();
    if (next.done === true) break;
    last = next.value;
    length += last.length;
    pieces.push(last);
    if (length > MAX_DUMPED_BYTES) {
      throw new ClientError('ERR_CLIENT_NOT_HEX', `more than ${MAX_DUMPED_BYTES} bytes that are neither a capture nor text`);
    }
  }
  return Buffer.concat(pieces);
}

/** Printable characters, which may be in UTF-8, and the ends of lines. */
function isText(bytes: Uint8Array): boolean {
  if (!bytes.every((byte) => (byte >= 0x20 && byte !== 0x7f) || byte === 0x09 || byte === LINE_FEED || byte === 0x0d)) return false;
  try {
    // The last character may be cut in two.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
