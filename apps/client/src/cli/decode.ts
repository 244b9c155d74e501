import { TAG_KEY_BYTES, readTagKey } from '@lightspeed/wire';
import type { Dialect, TagKey } from '@lightspeed/wire';
import { InvalidArgumentError } from 'commander';
import { ClientError } from '../base/errors.ts';
import { explainPacket } from '../decode/explain-packet.ts';
import { parseHexArgument, parseHexInput } from '../decode/hex-input.ts';
import { renderJson, renderTable } from '../decode/render.ts';
import { UsageError } from './usage-error.ts';
import type { Terminal } from './terminal.ts';

/** More than any capture that a person looks at packet by packet. */
const MOST_INPUT_BYTES = 16 * 1024 * 1024;

const ALLOWED = 'allowed are pairs of hexadecimal digits; of a file: lightspeed decode - < FILE';

/** The options of `decode`. */
export interface DecodeOptions {
  readonly dialect: Dialect;
  readonly tagKey?: TagKey;
  readonly json?: boolean;
}

/** `lightspeed decode`. @returns the exit code: 1 if a packet is not valid. */
export async function decode(words: readonly string[], options: DecodeOptions, terminal: Terminal): Promise<number> {
  const packets = await readPackets(words);
  let valid = true;
  packets.forEach((packet, index) => {
    const explanation = explainPacket(packet, options.dialect, options.tagKey);
    valid &&= explanation.refusal === undefined;
    if (options.json === true) {
      terminal.json(renderJson(explanation, packet));
      return;
    }
    if (index > 0) terminal.line('');
    for (const line of renderTable(explanation, terminal)) terminal.line(line);
  });
  return valid ? 0 : 1;
}

/** @throws {InvalidArgumentError} unless the text is a key of 8 bytes in hexadecimal. */
export function parseTagKey(text: string): TagKey {
  if (!/^[0-9a-f]{16}$/i.test(text)) throw new InvalidArgumentError(`Expected ${TAG_KEY_BYTES} bytes as 16 hexadecimal digits.`);
  return readTagKey(Buffer.from(text, 'hex'));
}

async function readPackets(words: readonly string[]): Promise<Uint8Array[]> {
  if (words.length === 1 && words[0] === '-') {
    const packets = parseHexInput(await readAll(process.stdin));
    if (packets.length === 0) throw new ClientError('ERR_CLIENT_NOT_HEX', 'there is no packet on standard input');
    return packets;
  }
  try {
    return parseHexArgument(words.join(' '));
  } catch (error) {
    if (error instanceof ClientError) throw new UsageError(`decode: ${error.message}; ${ALLOWED}`);
    throw error;
  }
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of input) {
    size += chunk.length;
    if (size > MOST_INPUT_BYTES) {
      throw new ClientError('ERR_CLIENT_NOT_HEX', `more than ${MOST_INPUT_BYTES} bytes on standard input`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
