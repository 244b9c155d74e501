import type { OwnAddresses } from '../base/own-addresses.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import type { HttpServer } from '../http/server.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';

/** What a node consists of while it runs. */
export interface NodeParts {
  readonly supervisor: Supervisor;
  readonly control: ControlPlane | undefined;
  readonly http: HttpServer | undefined;
  readonly own: OwnAddresses;
}
