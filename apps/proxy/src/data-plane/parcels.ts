import { deserialize, serialize } from 'node:v8';

/** What one parcel holds. */
const MOST_IN_PARCEL = 256;

/**
 * Very many things on their way to a thread that is started. Given as objects they would all be there at once, and stay in
 * the thread's memory until it looks for garbage, which a worker may not do for days; so they travel packed, and are
 * unpacked a few at a time.
 */
export type Parcels<T> = Parcel<T[]>[];

/** Bytes of `v8.serialize`, with what is in them. */
type Parcel<T> = Uint8Array & { readonly content?: T };

export function pack<T>(things: Iterable<T>): Parcels<T> {
  const parcels: Parcels<T> = [];
  let some: T[] = [];
  for (const thing of things) {
    some.push(thing);
    if (some.length < MOST_IN_PARCEL) continue;
    parcels.push(serialize(some));
    some = [];
  }
  if (some.length > 0) parcels.push(serialize(some));
  return parcels;
}

/** Takes everything out; the parcels are gone afterwards. */
export function* unpack<T>(parcels: Parcels<T>): Generator<T> {
  for (let parcel = parcels.shift(); parcel !== undefined; parcel = parcels.shift()) {
    yield* deserialize(parcel) as T[];
  }
}
