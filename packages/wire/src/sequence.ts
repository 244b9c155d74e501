import type { SequenceNumber } from './roles.ts';

/**
 * How far `a` is ahead of `b` on a 16-bit counter that wraps: -32,768 to 32,767 (serial number arithmetic, RFC 1982).
 * For packet sequences and FEC group ids alike.
 */
export function sequenceDelta(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** The number after `sequence`, 0 after 65,535. */
export function nextSequence(sequence: SequenceNumber): number {
  return (sequence + 1) & 0xffff;
}
