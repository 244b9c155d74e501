import { parsePin } from '@lightspeed/control/quic';
import { formatInvitation } from '@lightspeed/security';
import { sha256 } from '@lightspeed/security/node';
import { addressKind, formatSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { encodeQR } from 'qr';
import { messageOf } from '../base/node-error.ts';
import { ConfigError } from '../config/config-error.ts';
import { nodeForLink } from './node-for-link.ts';
import type { NoNodeForLink, NodeForLink } from './node-for-link.ts';

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
  readonly stateDir?: string;
}

/** What a line says of the node. */
export interface LinkedNode {
  readonly address: SocketAddress;
  /** Undefined for a node whose certificate players can check by themselves. */
  readonly pin: string | undefined;
  /** What whoever gives the line to a player has to know, if anything. */
  readonly remark: string | undefined;
}

/** Whether a line is asked for, not the ticket alone. @throws {ConfigError} when the options contradict each other. */
export function wantsLink({ link, qr, node, pin, stateDir }: LinkFlags): boolean {
  const wanted = link === true || qr === true;
  const idle = node !== undefined ? '--node' : pin !== undefined ? '--pin' : stateDir !== undefined ? '--state-dir' : undefined;
  if (!wanted && idle !== undefined) throw new ConfigError(`${idle} belongs to --link: a ticket alone names no node`);
  if (node !== undefined && pin !== undefined && stateDir !== undefined)
    throw new ConfigError('--state-dir is where --link finds the node’s name and pin: leave it out, as --node and --pin give both');
  return wanted;
}

/**
 * The node that a line is about: what the options name, and for the rest the node on this machine.
 * @param stateDir of the node on this machine.
 * @param issuer the public key that the ticket is signed with, lsi1_...
 * @throws {ConfigError} if the options name no node, and there is none here. {NodeError} if it cannot be asked.
 */
export async function linkedNode(flags: LinkFlags, stateDir: () => string, issuer: string): Promise<LinkedNode> {
  const { link, node, pin } = flags;
  if (node !== undefined && pin !== undefined) return { address: parseNode(node, USUAL_PORT), pin, remark: undefined };
  const here = await nodeForLink(flags.stateDir ?? stateDir(), flags.stateDir !== undefined, issuer);
  const why = 'why' in here ? here.why : 'the node on this machine has no public address of its own';
  const { host, port, pin: pinHere } = 'why' in here ? { port: USUAL_PORT } : here;
  const name = node ?? host;
  if (name === undefined) {
    throw new ConfigError(`${link === true ? '--link' : '--qr'} needs --node HOST[:PORT]: what players call the node (${why})`);
  }
  const address = parseNode(name, port);
  return { address, pin: pin ?? pinHere, remark: remarkOf(here, address, pin) };
}

function remarkOf(here: NodeForLink | NoNodeForLink, address: SocketAddress, pin: string | undefined): string | undefined {
  if (pin !== undefined) return undefined;
  if ('why' in here || here.pin === undefined) {
    const why = 'why' in here ? ` (${here.why})` : '';
    return `the line has no pin: players’ systems must trust the authority of the node’s certificate, or add --pin${why}`;
  }
  return `the line names the node on this machine: ${formatSocketAddress(address)}, pin ${here.pin}`;
}

/**
 * The line for a player (docs/protocol.md, Invitations).
 * @param issuer the public key of the ticket's issuer.
 * @throws {SecurityError} about a node that is none; {ConfigError} about a pin.
 */
export function linkOf({ address, pin }: LinkedNode, ticket: Uint8Array, issuer: Uint8Array): string {
  return formatInvitation({ node: address, pin: pin === undefined ? undefined : pinOf(pin), ticket, issuer }, sha256);
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

function parseNode(text: string, usualPort: number): SocketAddress {
  if (addressKind(text) !== undefined) return { host: text, port: usualPort };
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = (bracketed as string | undefined) ?? plain;
  if ((host as string | undefined) === undefined)
    throw new ConfigError(`--node: got ${JSON.stringify(text)}, allowed is HOST[:PORT], or [ADDRESS]:PORT for IPv6`);
  return { host, port: (port as string | undefined) === undefined ? usualPort : Number(port) };
}
