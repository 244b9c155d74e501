import type { Dialect } from '@lightspeed/wire';

/** The group sizes that an encoder may use in one dialect, in data packets per parity packet. */
export interface GroupSizeLimits {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** Smallest size of an encoder's group: 1 sends every packet twice. */
export const MIN_ENCODER_GROUP_SIZE = 1;
/** Largest size of an encoder's group. Decoders accept up to `MAX_GROUP_SIZE` of `@lightspeed/wire`. */
export const MAX_ENCODER_GROUP_SIZE = 32;
/** Default size: one packet of parity for four of data. */
export const DEFAULT_GROUP_SIZE = 4;

/**
 * What an encoder may send in each dialect (docs/protocol.md, FEC). A peer of dialect `reference` understands neither
 * groups of one packet nor partial groups. Towards it, take a size from these limits, and never send what
 * `FecEncoder.flush` or `GroupEncoder.closePartial` give.
 */
export const GROUP_SIZE_LIMITS: Readonly<Record<Dialect, GroupSizeLimits>> = {
  standard: { min: MIN_ENCODER_GROUP_SIZE, max: MAX_ENCODER_GROUP_SIZE, default: DEFAULT_GROUP_SIZE },
  reference: { min: 2, max: 16, default: DEFAULT_GROUP_SIZE },
};
