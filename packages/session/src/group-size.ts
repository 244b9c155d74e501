import { GROUP_SIZE_LIMITS } from '@lightspeed/fec';
import type { Dialect } from '@lightspeed/wire';

/** The group size with which to answer a peer that uses `groupSize`: the same, within what the dialect may send. */
export function answeringGroupSize(groupSize: number, dialect: Dialect): number {
  if (groupSize === 0) return 0;
  const { min, max } = GROUP_SIZE_LIMITS[dialect];
  return Math.min(Math.max(groupSize, min), max);
}
