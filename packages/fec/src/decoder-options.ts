import type { FecMemory } from './memory.ts';

/** Memory and limits of a decoder; each has a default. */
export interface FecDecoderOptions {
  /** Where parity accumulates. Default: 72 blocks of the decoder's own. */
  readonly memory?: FecMemory;
  /** For whom it takes blocks of a shared memory, see `FecMemory.take`. Default -1. */
  readonly owner?: number;
  /** Age at which a group is discarded, 1 to 10,000. Default 500. */
  readonly maxAgeMs?: number;
  /**
   * Whether the caller drops packets that come twice, by their sequence numbers. Then two packets at one place of a group are of two
   * senders that count alike. Both are delivered, and the group recovers nothing more. What comes in the place of a packet that it has recovered stays a
   * duplicate until another place shows the second sender. Default false: the second one is a duplicate.
   */
  readonly isSequenced?: boolean;
}
