import type { AddressHandle, Dialect, EgressId, FlowIndex, Port, SessionToken } from '@lightspeed/wire';
import type { MultipathMode } from '../multipath.ts';
import type { ClientAddress } from './client-address.ts';

/** All that it takes to carry a flow's packets in both directions, unless its session uses several paths at once. */
export interface CarriedFlow {
  /** Its number, used again after it has ended. */
  readonly index: FlowIndex;
  /** What its packets carry in their token byte. */
  readonly token: SessionToken;
  readonly dialect: Dialect;
  /** Packets per FEC group towards the client. 0 means that packets are version 1, else they are version 2. */
  readonly groupSize: number;
  readonly multipath: MultipathMode;
  /** Where packets to the client go: the primary path. null while its session has no path. */
  readonly client: ClientAddress | null;
  /** Source and destination as the client's packets name them; the destination is the game server. */
  readonly clientIp: AddressHandle;
  readonly clientPort: Port;
  readonly serverIp: AddressHandle;
  readonly serverPort: Port;
  /** The driver's number of the socket to the server. `RelayOutput.egressPort` gives its local port. */
  readonly egress: EgressId;
}
