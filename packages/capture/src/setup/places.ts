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
  /** The control group in which those of captures are. */
  readonly slice: string;
}

/** The name of the installation's socket unit. */
export const SOCKET_UNIT = 'lightspeed-helper.socket';
/** The name of the installation's service unit. */
export const SERVICE_UNIT = 'lightspeed-helper.service';
