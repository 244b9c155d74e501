import fc from 'fast-check';
import { FecHeader } from '@lightspeed/wire';
import { FecDecoder, FecEncoder } from '@lightspeed/fec';
import type { FecDecoderOptions } from '@lightspeed/fec';

/** Bytes in hexadecimal, in which `xx*n` stands for n times the byte xx. */
export function bytesOf(hex: string): Uint8Array {
  const digits = hex.replaceAll(/(..)\*(\d+)/g, (_, byte: string, count: string) => byte.repeat(Number(count)));
  return new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'));
}

export function text(word: string): Uint8Array {
  return new Uint8Array(Buffer.from(word));
}

/** A payload described by few numbers, so that groups of long packets stay quick to generate and to shrink. */
export interface PayloadPlan {
  readonly length: number;
  readonly seed: number;
  /** Zero bytes at its end. */
  readonly trailingZeros: number;
}

export function payloadOf({ length, seed, trailingZeros }: PayloadPlan): Uint8Array {
  const payload = new Uint8Array(length);
  let state = seed | 1;
  for (let i = 0; i < length - trailingZeros; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    payload[i] = state >>> 24;
  }
  return payload;
}

/** Lengths at which something may go wrong come up often. */
const lengths = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 1444 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 24 }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 2, 1397, 1398, 1399, 1400, 1443, 1444) },
);

export const payloads = fc.record({ length: lengths, seed: fc.integer(), trailingZeros: fc.constantFrom(0, 0, 1, 3, 1444) }).map(payloadOf);

export interface Group {
  readonly groupId: number;
  readonly size: number;
  readonly packets: readonly Uint8Array[];
  readonly parity: Uint8Array;
}

/** A full group of these packets, or with a larger `size` a partial one. */
export function groupOf(packets: readonly Uint8Array[], groupId = 0, size = packets.length): Group {
  const encoder = new FecEncoder(size, { firstGroupId: groupId });
  let parity: Uint8Array | undefined;
  for (const packet of packets) parity = encoder.addPacket(packet);
  parity ??= encoder.flush()?.parity;
  if (parity === undefined) throw new Error('a group needs packets');
  return { groupId, size, packets, parity };
}

/** A group of small packets that differ from each other and from other groups'. */
export function smallGroup(groupId: number, size = 4): Group {
  const packets = Array.from({ length: size }, (_, index) => text(`group ${groupId} packet ${index}`.slice(0, 24 - index)));
  return groupOf(packets, groupId);
}

/**
 * Whether a lost packet cannot be told from the padding of the old fixed format: the parity has exactly 1,400 bytes, its
 * lengths are zero, and only the lost packet, which ends in a zero, explains its size.
 */
export function isAmbiguous({ packets, parity }: Group, lost: number): boolean {
  if (parity.length !== 1400 || parity[1398] !== 0 || parity[1399] !== 0) return false;
  const others = packets.filter((_, index) => index !== lost);
  return packets[lost]?.length === 1398 && others.every(({ length }) => length !== 1398) && packets[lost][1397] === 0;
}

export interface Delivery {
  readonly groupId: number;
  readonly index: number;
  readonly payload: Uint8Array;
}

/** A decoder and all that it has delivered, in order. */
export class Receiver {
  readonly decoder: FecDecoder;
  readonly deliveries: Delivery[] = [];
  nowMs = 0;

  constructor(options: FecDecoderOptions = {}) {
    this.decoder = new FecDecoder(options);
  }

  data({ groupId, size, packets }: Group, index: number): void {
    this.packet(groupId, index, size, packets[index] ?? text('no such packet'));
  }

  packet(groupId: number, index: number, size: number, payload: Uint8Array): void {
    const delivered = this.decoder.receiveData(FecHeader.data(groupId, index, size), payload, this.nowMs);
    if (delivered !== undefined) this.deliveries.push({ groupId, index, payload: delivered });
    const recovered = this.decoder.tryRecoverBlock(groupId);
    if (recovered !== undefined) this.deliveries.push({ groupId, ...recovered });
  }

  parity({ groupId, packets, parity }: Group): void {
    this.parityOf(groupId, packets.length, parity);
  }

  parityOf(groupId: number, size: number, payload: Uint8Array): void {
    const recovered = this.decoder.receiveParity(FecHeader.parity(groupId, size), payload, this.nowMs);
    if (recovered !== undefined) this.deliveries.push({ groupId, ...recovered });
  }

  /** The indexes delivered of a group, in order of delivery. */
  indexesOf(groupId: number): number[] {
    return this.deliveries.filter((delivery) => delivery.groupId === groupId).map(({ index }) => index);
  }

  payloadOf(groupId: number, index: number): Uint8Array | undefined {
    return this.deliveries.find((delivery) => delivery.groupId === groupId && delivery.index === index)?.payload;
  }
}

/** What is wrong with the deliveries: packets that nobody sent, or that were delivered twice. */
export function faultsOf(deliveries: readonly Delivery[], groups: readonly Group[]): string[] {
  const sent = new Map(groups.map((group) => [group.groupId, group]));
  const seen = new Set<string>();
  const faults: string[] = [];
  for (const { groupId, index, payload } of deliveries) {
    const key = `group ${groupId} packet ${index}`;
    const original = sent.get(groupId)?.packets[index];
    if (original === undefined || !equalBytes(original, payload)) faults.push(`${key}: not what was sent`);
    if (seen.has(key)) faults.push(`${key}: delivered twice`);
    seen.add(key);
  }
  return faults;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
