import { FIXED_FORMAT_CONTENT_BYTES, STOPPED_CONTENT_BYTES } from './recovery.ts';

/**
 * The record of one group in a decoder's ring: 16 integers of an `Int32Array`, one cache line. `slot` is the index of
 * the first.
 *
 * ```
 *  slot +0      +1       +2        +3          +4   +5        +6, +7
 *  | state | group id | data size | parity size | tag | received | members seen, bits 0-31, 32-63 |
 *  slot +8    +9       +10       +11       +12              +13     +14         +15
 *  | block | filled | longest | lengths | parity content | flags | openedMs | beyond |
 * ```
 */
export const SLOT_INTS = 16;

/** One of the `GROUP_*` states. */
export const STATE = 0;
/** The group's id. */
export const GROUP_ID = 1;
/** The size that data packets carry, 0 until one came. */
const DATA_SIZE = 2;
/** The size that the parity carries, 0 until it came. It is the group's true size. */
export const PARITY_SIZE = 3;
/** The flow that the group belongs to, -1 while unknown. */
export const TAG = 4;
/** How many different packets were received or recovered. */
export const RECEIVED = 5;
const SEEN_LOW = 6;
const SEEN_HIGH = 7;
/** Offset of the accumulator in the memory, -1 if there is none. */
export const BLOCK = 8;
/** How many of the accumulator's bytes are in use: the rest is whatever was there before. */
export const FILLED = 9;
/** Length of the longest packet received, -1 if none was. */
export const LONGEST = 10;
/** XOR of the lengths of the packets received and of the parity's. */
export const LENGTHS = 11;
/** The parity's content length until it was used, then -1; 0 before it came. */
export const PARITY_CONTENT = 12;
/** `FLAG_*` bits. */
export const FLAGS = 13;
/** When the group's first packet came, by the wrapping clock. */
export const OPENED_MS = 14;
/** XOR of what the lengths of the packets received would be otherwise for a peer that counts at most 1,400 bytes of each. */
export const BEYOND = 15;

/** No group. */
export const GROUP_NONE = 0;
/** Waits for packets and can recover one. */
export const GROUP_OPEN = 1;
/** Waits for packets, but can recover none any more. */
export const GROUP_GIVEN_UP = 2;
/** Every packet was received or recovered. */
export const GROUP_DONE = 3;
/** Too old: its losses are counted. It only tells duplicates from late packets. */
export const GROUP_EXPIRED = 4;

/** A packet of 1,398 bytes was received. */
export const FLAG_MEMBER_OF_1398 = 1;
/** The parity's two bytes of lengths are zero. */
export const FLAG_ZERO_LENGTHS = 2;

/** Makes the record that of a group of which nothing is known. */
export function openSlot(slots: Int32Array, slot: number, groupId: number, nowMs: number): void {
  // One by one: `fill` takes 15 ns for so few.
  slots[slot + STATE] = GROUP_OPEN;
  slots[slot + GROUP_ID] = groupId;
  slots[slot + DATA_SIZE] = 0;
  slots[slot + PARITY_SIZE] = 0;
  slots[slot + TAG] = -1;
  slots[slot + RECEIVED] = 0;
  slots[slot + SEEN_LOW] = 0;
  slots[slot + SEEN_HIGH] = 0;
  slots[slot + BLOCK] = -1;
  slots[slot + FILLED] = 0;
  slots[slot + LONGEST] = -1;
  slots[slot + LENGTHS] = 0;
  slots[slot + PARITY_CONTENT] = 0;
  slots[slot + FLAGS] = 0;
  slots[slot + OPENED_MS] = nowMs;
  slots[slot + BEYOND] = 0;
}

/** Whether packet `index` (0 to 63) was received or recovered. */
export function hasMember(slots: Int32Array, slot: number, index: number): boolean {
  return (slots[slot + SEEN_LOW + (index >> 5)] & (1 << (index & 31))) !== 0;
}

/** Notes that packet `index` was received or recovered. */
export function addMember(slots: Int32Array, slot: number, index: number): void {
  slots[slot + SEEN_LOW + (index >> 5)] |= 1 << (index & 31);
  slots[slot + RECEIVED]++;
}

/** Notes that data packet `index`, of `length` bytes, came. */
export function noteData(slots: Int32Array, slot: number, index: number, size: number, tag: number, length: number): void {
  addMember(slots, slot, index);
  slots[slot + DATA_SIZE] = size;
  if (tag >= 0) slots[slot + TAG] = tag;
  slots[slot + LENGTHS] ^= length;
  if (length > slots[slot + LONGEST]) slots[slot + LONGEST] = length;
  if (length > STOPPED_CONTENT_BYTES) slots[slot + BEYOND] ^= length ^ STOPPED_CONTENT_BYTES;
  if (length === FIXED_FORMAT_CONTENT_BYTES) slots[slot + FLAGS] |= FLAG_MEMBER_OF_1398;
}

/** Notes that the parity came, with `content` bytes before its two bytes of lengths. */
export function noteParity(slots: Int32Array, slot: number, size: number, tag: number, content: number, lengths: number): void {
  slots[slot + PARITY_SIZE] = size;
  slots[slot + PARITY_CONTENT] = content;
  if (tag >= 0) slots[slot + TAG] = tag;
  slots[slot + LENGTHS] ^= lengths;
  if (lengths === 0) slots[slot + FLAGS] |= FLAG_ZERO_LENGTHS;
}

/** The highest index received, -1 if none was. */
function highestMember(slots: Int32Array, slot: number): number {
  const high = slots[slot + SEEN_HIGH];
  return high !== 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(slots[slot + SEEN_LOW]);
}

/** The lowest index not received. */
export function lowestMissing(slots: Int32Array, slot: number): number {
  const low = ~slots[slot + SEEN_LOW];
  if (low !== 0) return 31 - Math.clz32(low & -low);
  const high = ~slots[slot + SEEN_HIGH];
  return 63 - Math.clz32(high & -high);
}

/**
 * How many packets of the group are missing that were certainly sent. Until its parity came, a group may be partial:
 * then only the gaps below the highest packet received are certain.
 */
export function certainLosses(slots: Int32Array, slot: number): number {
  return (slots[slot + PARITY_SIZE] || highestMember(slots, slot) + 1) - slots[slot + RECEIVED];
}

/** Whether a data packet of this size, index and tag fits what is known of the group. */
export function fitsData(slots: Int32Array, slot: number, index: number, size: number, tag: number): boolean {
  const dataSize = slots[slot + DATA_SIZE];
  const paritySize = slots[slot + PARITY_SIZE];
  if (dataSize !== 0 && size !== dataSize) return false;
  // A parity's size may be less than its data packets', when the group was closed early.
  if (paritySize !== 0 && (paritySize > size || index >= paritySize)) return false;
  return fitsTag(slots, slot, tag);
}

/** Whether a parity packet of this size and tag fits what is known of the group. */
export function fitsParity(slots: Int32Array, slot: number, size: number, tag: number): boolean {
  const dataSize = slots[slot + DATA_SIZE];
  if (dataSize !== 0 && size > dataSize) return false;
  if (highestMember(slots, slot) >= size) return false;
  return fitsTag(slots, slot, tag);
}

function fitsTag(slots: Int32Array, slot: number, tag: number): boolean {
  const known = slots[slot + TAG];
  return tag < 0 || known < 0 || tag === known;
}
