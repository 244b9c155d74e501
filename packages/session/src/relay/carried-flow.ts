import type { AddressHandle, Dialect, EgressId, FlowIndex, PathNumber, Port, SessionSlot, SessionToken } from '@lightspeed/wire';
import type { MultipathMode } from '../base/multipath.ts';
import type { ClientAddress } from './client-address.ts';

/** One of the paths by which a flow's client is answered. */
export interface CarriedPath extends ClientAddress {
  /** The client's number for it, 0 to 3. `parity` goes by the lowest number that is in use and not the primary path's. */
  readonly number: PathNumber;
  /**
   * Whether the client was heard by it in the last 20 seconds, and it is validated. A path that is not in use gets nothing,
   * unless it is the primary one. A change is told within a second or so.
   */
  readonly isInUse: boolean;
  /** Whether its address is known to receive. If not, little may go there (docs/protocol.md, Path validation): leave it to the relay. */
  readonly isValidated: boolean;
  readonly nextOfSession: CarriedPath | null;
}

/** All that it takes to carry a flow's packets in both directions (docs/protocol.md, Paths). */
export interface CarriedFlow {
  /** Its number, used again after it has ended. */
  readonly index: FlowIndex;
  /** The number of its session, used again likewise. The flows of a session share its limits. */
  readonly sessionSlot: SessionSlot;
  /** What its packets carry in their token byte. */
  readonly token: SessionToken;
  readonly dialect: Dialect;
  /** Packets per FEC group towards the client. 0 means that packets are version 1, else they are version 2. */
  readonly groupSize: number;
  /** Whether packets of both directions may carry blocks (docs/protocol.md, Blocks): leave them to the relay. */
  readonly hasBlocks: boolean;
  readonly multipath: MultipathMode;
  /**
   * The primary path: where packets to the client go. null while its session has no path. In mode `duplicate` it may be
   * any path by which the client was heard, since packets go by all of those.
   */
  readonly client: CarriedPath | null;
  /** The first path of a list of all, the primary one included. */
  readonly firstPath: CarriedPath | null;
  /** Source and destination as the client's packets name them; the destination is the game server. */
  readonly clientIp: AddressHandle;
  readonly clientPort: Port;
  readonly serverIp: AddressHandle;
  readonly serverPort: Port;
  /** The driver's number of the socket to the server. `RelayOutput.egressPort` gives its local port. */
  readonly egress: EgressId;
}

/** The limits of a flow's session. They stay what they are while the session lasts (docs/protocol.md, Limits). */
export interface CarriedLimits {
  /**
   * Packets per second that all flows of the session together may bring from the client, of which one second's worth at once. So
   * many datagrams of its servers may go to it, too.
   */
  readonly maxPps: number;
  /** The same in bytes: from the client of packets with their headers, to it of the servers' payloads. */
  readonly maxBps: number;
}
