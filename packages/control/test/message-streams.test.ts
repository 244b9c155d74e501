import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { encode, FrameReader, readFrom, writeTo } from '@lightspeed/control';
import type { ControlMessage, Refusal } from '@lightspeed/control';
import { concat, framed, messages } from './vectors.ts';

const standard = messages.filter(({ dialect }) => dialect === 'standard');
const bytes = concat(standard.map(({ frame }) => frame));

/** A source that gives `pieces` one by one and remembers whether its reader left it early. */
class Source implements AsyncIterable<Uint8Array> {
  closedEarly = false;
  readonly #pieces: readonly Uint8Array[];

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let finished = false;
    try {
      for (const piece of this.#pieces) yield await Promise.resolve(piece);
      finished = true;
    } finally {
      this.closedEarly = !finished;
    }
  }
}

async function collect(messagesFrom: AsyncIterable<ControlMessage | Refusal>): Promise<(ControlMessage | Refusal)[]> {
  const all = [];
  for await (const message of messagesFrom) all.push(message);
  return all;
}

describe('readFrom', () => {
  test.each([1, 2, 3, 7, 1000])('gives the messages of a stream in pieces of %i bytes', async (size) => {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
    const source = new Source(pieces);
    expect(await collect(readFrom(source, new FrameReader('standard')))).toEqual(standard.map(({ message }) => message));
    expect(source.closedEarly).toBe(false);
  });

  test('ends with the refusal and leaves the stream', async () => {
    const source = new Source([framed([5, 0]), Uint8Array.of(0, 0), framed([5, 0])]);
    expect(await collect(readFrom(source))).toEqual([
      { type: 'disconnect', reason: 'normal', extensions: [] },
      { type: 'refused', code: 'length_zero' },
    ]);
    expect(source.closedEarly).toBe(true);
  });

  test('says when the stream ends in the middle of a message', async () => {
    const source = new Source([framed([5, 0]), Uint8Array.of(0, 9, 1)]);
    expect((await collect(readFrom(source))).at(-1)).toEqual({ type: 'refused', code: 'frame_incomplete' });
  });

  test('throws on what the stream throws', async () => {
    const failure = new Error('connection reset');
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(framed([5, 0]));
      throw failure;
    }
    await expect(collect(readFrom(failing()))).rejects.toBe(failure);
  });

  test('lets its caller set the dialect between messages of one piece', async () => {
    const reader = new FrameReader('reference');
    const reasons = [];
    for await (const message of readFrom(new Source([concat([framed([5, 2]), framed([5, 2])])]), reader)) {
      if (message.type === 'disconnect') reasons.push(message.reason);
      reader.dialect = 'standard';
    }
    expect(reasons).toEqual(['server_shutdown', 'auth_failed']);
  });
});

describe('writeTo', () => {
  test('writes a message as one frame and waits until it is written', async () => {
    const log: string[] = [];
    let release = (): void => undefined;
    const writer = {
      write: async (frame: Uint8Array) => {
        log.push(`got ${frame.length} bytes`);
        await new Promise<void>((resolve) => (release = resolve));
        log.push('written');
      },
    };
    const done = writeTo(writer, { type: 'ping', timestampUs: 999n }, 'standard').then(() => log.push('done'));
    expect(log).toEqual(['got 11 bytes']);
    release();
    await done;
    expect(log).toEqual(['got 11 bytes', 'written', 'done']);
  });

  test('writes nothing when the message cannot be said', async () => {
    const written: Uint8Array[] = [];
    const writer = { write: (frame: Uint8Array) => void written.push(frame) };
    await expect(writeTo(writer, { type: 'ping', timestampUs: -1n }, 'standard')).rejects.toMatchObject({
      code: 'ERR_CONTROL_FIELD_RANGE',
    });
    expect(written).toEqual([]);
  });

  test('carries messages through a Node stream to readFrom', async () => {
    const pipe = new PassThrough();
    for (const { message } of standard) await writeTo(pipe, message, 'standard');
    pipe.end();
    expect(await collect(readFrom(pipe, new FrameReader('standard')))).toEqual(standard.map(({ message }) => message));
    if (!pipe.closed) await once(pipe, 'close');
  });

  test('writes what encode gives', async () => {
    const written: Uint8Array[] = [];
    const message = { type: 'disconnect', reason: 'auth_failed' } as const;
    for (const dialect of ['standard', 'reference'] as const) {
      await writeTo({ write: (frame) => void written.push(frame) }, message, dialect);
    }
    expect(written).toEqual([encode(message, 'standard'), encode(message, 'reference')]);
  });
});
