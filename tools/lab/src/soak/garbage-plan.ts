import type { Endpoint } from '@lightspeed/wire';

/** What a hostile peer of the control plane does. */
export const GARBAGE_KINDS = [
  /** Opens as many streams as it may and fills them with random bytes. */
  'noise',
  /** Sends the first half of a message, and ends the stream, resets it, or leaves it. */
  'halves',
  /** Sends lengths that are 0, too large, or not those of what follows. */
  'lengths',
  /** Sends valid messages that make no sense where they come, and registrations with no ticket, or a wrong one. */
  'order',
  /** Asks, and takes no answer in. */
  'deaf',
  /** Opens connections and is gone; before their handshake is over, too. */
  'abandoned',
  /** Sends datagrams that look like QUIC's, or like nothing. */
  'datagrams',
] as const;

/** The name of a way to be hostile. */
export type GarbageKind = (typeof GARBAGE_KINDS)[number];

/** What one hostile process is to do. */
export interface GarbagePlan {
  readonly kind: GarbageKind;
  readonly control: Endpoint;
  /** An address of loopback that nobody else has: a node limits connections by address. */
  readonly fromIp: number;
  readonly seed: number;
  readonly seconds: number;
}

/** What a hostile process is asked to do. */
export interface GarbageQuestion {
  readonly ask: 'attack';
  readonly plan: GarbagePlan;
}
