import type { Dialect } from '@lightspeed/wire';
import { encode } from './encode.ts';
import { FrameReader } from './frame-reader.ts';
import type { ControlMessage, OutgoingMessage } from './message.ts';
import type { Refusal } from './refusal.ts';

/** Anything that takes bytes: a QUIC stream, a WHATWG writer, a socket behind a function. */
export interface ByteWriter {
  /** May keep `bytes`. When it returns a promise, that is waited for. */
  write(bytes: Uint8Array): unknown;
}

/**
 * The messages in the bytes of a source, as they come, until it ends. A refusal is the last thing that is yielded: a QUIC
 * stream is then to be reset, its connection kept. An error of the source itself is thrown on.
 *
 * @param reader keeps the dialect, which may be set between messages
 */
export async function* readFrom(
  source: AsyncIterable<Uint8Array>,
  reader: FrameReader = new FrameReader(),
): AsyncGenerator<ControlMessage | Refusal, void, undefined> {
  for await (const bytes of source) {
    reader.push(bytes);
    for (let message = reader.next(); message !== 'more'; message = reader.next()) {
      yield message;
      if (message.type === 'refused') return;
    }
  }
  const cutShort = reader.end();
  if (cutShort !== undefined) yield cutShort;
}

/**
 * Sends one message as a frame in a single write.
 *
 * @throws {ControlError} when the message cannot be said in `dialect`; nothing is written then
 */
export async function writeTo(writer: ByteWriter, message: OutgoingMessage, dialect: Dialect): Promise<void> {
  await writer.write(encode(message, dialect));
}
