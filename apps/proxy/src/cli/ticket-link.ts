import { parsePin } from '@lightspeed/control/quic';
import { formatInvitation } from '@lightspeed/security';
import { sha256 } from '@lightspeed/security/node';
import { addressKind } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { encodeQR } from 'qr';
import { messageOf } from '../base/node-error.ts';
import { ConfigError } from '../config/config-error.ts';

/** Of the control plane, unless it is named. */
const USUAL_PORT = 4433;
/** Light modules between the code and what is around it. */
const QUIET_ZONE = 2;
/** White on black, whatever the terminal's own colours are, and back. */
const COLOURS = ['\u001b[97;40m', '\u001b[0m'] as const;

/** The options of `ticket issue` about a player's line. */
export interface LinkFlags {
  readonly link?: boolean;
  readonly qr?: boolean;
  readonly node?: string;
  readonly pin?: string;
}

/** Whether a line is asked for, not the ticket alone. @throws {ConfigError} when the options contradict each other. */
export function wantsLink({ link, qr, node, pin }: LinkFlags): boolean {
  const wanted = link === true || qr === true;
  if (wanted && node === undefined)
    throw new ConfigError(`${link === true ? '--link' : '--qr'} needs --node HOST[:PORT]: what players call the node`);
  const idle = node !== undefined ? '--node' : pin !== undefined ? '--pin' : undefined;
  if (!wanted && idle !== undefined) throw new ConfigError(`${idle} belongs to --link: a ticket alone names no node`);
  return wanted;
}

/**
 * The line for a player (docs/protocol.md, Invitations).
 * @param issuer the public key of the ticket's issuer.
 * @throws {SecurityError} or {ConfigError} about a node that is none; {ConfigError} about a pin.
 */
export function linkOf({ node = '', pin }: LinkFlags, ticket: Uint8Array, issuer: Uint8Array): string {
  return formatInvitation({ node: parseNode(node), pin: pin === undefined ? undefined : pinOf(pin), ticket, issuer }, sha256);
}

/**
 * A text as a QR code, two rows of modules a line.
 * @param coloured whether it is to be white on black; otherwise the dark modules have the colour of the background.
 */
export function qrLines(text: string, coloured: boolean): string[] {
  const [before, after] = coloured ? COLOURS : ['', ''];
  const lines = encodeQR(text, 'ascii', { ecc: 'low', border: QUIET_ZONE }).trimEnd().split('\n');
  return lines.map((line) => `${before}${line}${after}`);
}

/** Columns that a QR code takes. */
export function qrColumns(text: string): number {
  return encodeQR(text, 'raw', { ecc: 'low', border: QUIET_ZONE }).length;
}

function pinOf(text: string): Uint8Array {
  try {
    return parsePin(text);
  } catch (cause) {
    throw new ConfigError(`--pin: ${messageOf(cause)}`, { cause });
  }
}

function parseNode(text: string): SocketAddress {
  if (addressKind(text) !== undefined) return { host: text, port: USUAL_PORT };
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = (bracketed as string | undefined) ?? plain;
  if ((host as string | undefined) === undefined)
    throw new ConfigError(`--node: got ${JSON.stringify(text)}, allowed is HOST[:PORT], or [ADDRESS]:PORT for IPv6`);
  return { host, port: (port as string | undefined) === undefined ? USUAL_PORT : Number(port) };
}
