import { deserialize, serialize } from 'node:v8';

/** What one chunk holds. */
const MAX_IN_CHUNK = 256;

/**
 * Very many things on their way to a thread that is started. As objects they would all be there at once, and stay in
 * the thread's memory until it collects garbage. A worker may not do that for days. So they travel packed, and are
 * unpacked a few at a time.
 */
export type Chunks<T> = Chunk<T[]>[];

/** Bytes of `v8.serialize`, with what is in them. */
type Chunk<T> = Uint8Array & { readonly content?: T };

/** Puts things into chunks, in their order. */
export function pack<T>(things: Iterable<T>): Chunks<T> {
  const chunks: Chunks<T> = [];
  let some: T[] = [];
  for (const thing of things) {
    some.push(thing);
    if (some.length < MAX_IN_CHUNK) continue;
    chunks.push(serialize(some));
    some = [];
  }
  if (some.length > 0) chunks.push(serialize(some));
  return chunks;
}

/** Takes everything out; the chunks are gone afterwards. */
export function* unpack<T>(chunks: Chunks<T>): Generator<T> {
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
    yield* deserialize(chunk) as T[];
  }
}
