import type { Endpoint } from '@lightspeed/wire';

/** What a peer is started with. */
export interface PeerPlace {
  /** For its files; removed with all that is in it at the end. */
  readonly folder: string;
  /** The one game server to which it relays. */
  readonly gameServer: Endpoint;
  /** How many clients there will be. */
  readonly clients: number;
  /** What to put in front of its command line. */
  readonly within: readonly string[];
}
