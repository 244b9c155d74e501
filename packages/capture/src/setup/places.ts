/** Where the installation's files are. */
export interface Places {
  /** Of root alone: the runtime, the helper, and what it needs. */
  readonly library: string;
  /** Where systemd looks for units, and whether systemd runs here. */
  readonly units: string;
  readonly hasSystemd: boolean;
  /** Who may be a gateway. */
  readonly gatewayFile: string;
  /** Where the helper listens. */
  readonly socket: string;
}

/** The names of the installation's units. */
export const SOCKET_UNIT = 'lightspeed-helper.socket';
export const SERVICE_UNIT = 'lightspeed-helper.service';
