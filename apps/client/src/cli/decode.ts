import { createReadStream, existsSync } from 'node:fs';
import { TAG_KEY_BYTES, readTagKey } from '@lightspeed/wire';
import type { Dialect, TagKey } from '@lightspeed/wire';
import { InvalidArgumentError } from 'commander';
import { ClientError } from '../base/errors.ts';
import { FrameExplainer } from '../decode/explain-frame.ts';
import { explainPacket } from '../decode/explain-packet.ts';
import { framesIn, packetsOf } from '../decode/packet-source.ts';
import type { InputPacket } from '../decode/packet-source.ts';
import { isDigits } from '../decode/text-input/digits.ts';
import { parseHexArgument } from '../decode/text-input/text-reader.ts';
import { TextLayers } from '../decode/text-layers.ts';
import { DecodeOutput, formatCaptureTime } from './decode-output.ts';
import { UsageError } from './usage-error.ts';
import type { Terminal } from './terminal.ts';

const ALLOWED = 'allowed are pairs of hexadecimal digits, the name of a file, or - for standard input';

/** The options of `decode`. */
export interface DecodeOptions {
  readonly dialect: Dialect;
  readonly tagKey?: TagKey;
  readonly port?: readonly number[];
  readonly json?: boolean;
}

/** `lightspeed decode`. @returns the exit code: 1 if a packet is not valid, or cannot be read. */
export async function decode(words: readonly string[], options: DecodeOptions, terminal: Terminal): Promise<number> {
  const output = new DecodeOutput(terminal, options.json === true);
  const decoding = new Decoding(options, output);
  const stream = inputOf(words);
  if (stream === undefined) {
    for (const packet of packetsInWords(words)) decoding.take({ kind: 'text', packet });
    return output.isSound ? 0 : 1;
  }
  try {
    for await (const packet of packetsOf(stream)) decoding.take(packet);
  } catch (error) {
    if (error instanceof ClientError || !isOfFile(error)) throw error;
    throw new ClientError('ERR_CLIENT_NOT_HEX', `${words.join(' ')} cannot be read: ${error.message}`, { cause: error });
  } finally {
    decoding.summary();
  }
  if (output.isEmpty)
    throw new ClientError('ERR_CLIENT_NOT_HEX', `there is no packet ${words[0] === '-' ? 'on standard input' : `in ${words[0]}`}`);
  return output.isSound ? 0 : 1;
}

/** @throws {InvalidArgumentError} unless the text is a key of 8 bytes in hexadecimal. */
export function parseTagKey(text: string): TagKey {
  if (!/^[0-9a-f]{16}$/i.test(text)) throw new InvalidArgumentError(`Expected ${TAG_KEY_BYTES} bytes as 16 hexadecimal digits.`);
  return readTagKey(Buffer.from(text, 'hex'));
}

/** One run over an input. */
class Decoding {
  readonly #options: DecodeOptions;
  readonly #output: DecodeOutput;
  readonly #explainer: FrameExplainer;
  readonly #layers: TextLayers;
  #dumps = 0;

  constructor(options: DecodeOptions, output: DecodeOutput) {
    const { dialect, tagKey, port = [] } = options;
    this.#options = options;
    this.#output = output;
    this.#explainer = new FrameExplainer({ dialect, tagKey, ports: port });
    this.#layers = new TextLayers(dialect);
  }

  take(input: InputPacket): void {
    if (input.kind === 'binary') {
      if (input.bytes.length > 0) this.#bare(input.bytes, undefined);
      return;
    }
    if (input.kind === 'frame') {
      const { number, timeNs, linkType, bytes } = input.frame;
      const time = timeNs === undefined ? undefined : formatCaptureTime(timeNs);
      this.#output.frame({ number, time }, this.#explainer.explain(linkType, bytes));
      return;
    }
    const frames = framesIn(input.packet);
    if (frames !== undefined) {
      for (const frame of frames) this.take(frame);
      return;
    }
    for (const layered of this.#layers.layer(input.packet)) {
      this.#dumps++;
      if (layered.kind === 'unclear') this.#output.unclear(layered.why);
      else if (layered.kind === 'bare') this.#bare(layered.bytes, layered.hint);
      else {
        const { time, linkType, bytes } = layered;
        this.#output.frame({ number: this.#dumps, time }, this.#explainer.explain(linkType, bytes));
      }
    }
  }

  summary(): void {
    this.#output.summary(this.#explainer.incompleteCount);
  }

  #bare(bytes: Uint8Array, hint: string | undefined): void {
    const explanation = explainPacket(bytes, this.#options.dialect, this.#options.tagKey);
    const { refusal } = explanation;
    const isHinted = refusal !== undefined && refusal.hint === undefined && hint !== undefined;
    this.#output.bare(bytes, isHinted ? { ...explanation, refusal: { ...refusal, hint } } : explanation);
  }
}

function inputOf(words: readonly string[]): AsyncIterable<Uint8Array> | undefined {
  const [word = ''] = words;
  if (words.length !== 1) return undefined;
  if (word === '-') {
    // Ctrl-C ends the program that writes into the pipe as well, which then closes it. A second one ends this.
    process.once('SIGINT', () => undefined);
    return process.stdin;
  }
  return !isDigits(word) && existsSync(word) ? createReadStream(word) : undefined;
}

function packetsInWords(words: readonly string[]) {
  try {
    return parseHexArgument(words.join(' '));
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const isName = words.length === 1 && /[./\\]/.test(words[0]);
    throw new UsageError(`decode: ${error.message}${isName ? ', and there is no such file' : ''}; ${ALLOWED}`);
  }
}

function isOfFile(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
