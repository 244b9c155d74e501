import { BLOCK, FLAGS, FLAG_MEMBER_OF_1398, FLAG_ZERO_LENGTHS, LENGTHS, LONGEST, PARITY_CONTENT, TAG } from './group-slot.ts';
import type { FecMemory } from './memory.ts';
import { RECOVERY_REJECTED, judgeRecovery } from './recovery.ts';

/**
 * Judges what is in the block of a group that misses one packet and has its parity.
 * @param oldPeer whether the last parity that tells the formats apart was of the fixed one.
 * @returns as {@link judgeRecovery}.
 */
export function judgeGroup(memory: FecMemory, slots: Int32Array, slot: number, oldPeer: boolean): number {
  // Nothing says where the packet would have to go.
  if (slots[slot + TAG] < 0) return RECOVERY_REJECTED;
  const flags = slots[slot + FLAGS];
  return judgeRecovery(
    memory,
    slots[slot + BLOCK],
    slots[slot + PARITY_CONTENT],
    slots[slot + LENGTHS],
    slots[slot + LONGEST],
    (flags & FLAG_MEMBER_OF_1398) !== 0,
    (flags & FLAG_ZERO_LENGTHS) !== 0,
    oldPeer,
  );
}
