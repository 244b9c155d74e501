import { addressKind, canonicalAddress, formatSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import type { Sha256 } from '../crypto-primitives.ts';
import { SecurityError } from '../security-error.ts';
import { decodeBase64Url, encodeBase64Url } from './base64url.ts';
import { formatIssuerKey, parseIssuerKey } from './issuer-key.ts';
import { formatTicket, parseTicket } from './ticket-text.ts';

/** What an operator tells a player in one line (docs/protocol.md, Invitations). */
export interface Invitation {
  readonly type: 'invitation';
  /** The node's control plane; a name in lower case, or an address in its canonical form. */
  readonly node: SocketAddress;
  /** SHA-256 of the node's public key, 32 bytes. */
  readonly pin: Uint8Array | undefined;
  /** A ticket's bytes, unchecked. */
  readonly ticket: Uint8Array | undefined;
  /** The public key of the ticket's issuer, 32 bytes. */
  readonly issuer: Uint8Array | undefined;
}

/** Why a text is no invitation. Stable, for programs. */
export type InvitationRefusalCode =
  /** It does not begin as one does. */
  | 'not_an_invitation'
  /** Its version is none that this program reads. */
  | 'unknown_version'
  | 'too_long'
  /** It has a character that no invitation has. */
  | 'character'
  /** Its node is no name or address of one machine, or has no port. */
  | 'node'
  | 'unknown_field'
  | 'duplicate_field'
  /** A field's value is not in its form. */
  | 'field'
  /** A part of it is missing, or was changed on its way. */
  | 'damaged';

/** A result in place of an invitation. */
export interface InvitationRefusal {
  readonly type: 'refused';
  readonly code: InvitationRefusalCode;
  /** For people; it has no character that a terminal would take for a command. */
  readonly text: string;
}

/** What each invitation begins with, whatever its version. */
export const INVITATION_SCHEME = 'lightspeed://';
const PREFIX = `${INVITATION_SCHEME}v1/`;
/** Most characters of an invitation: the longest ticket takes 583 of them. */
export const MAX_INVITATION_LENGTH = 1_024;

const CHARACTERS = /^[A-Za-z0-9._~:/?&=[\]-]*$/;
const FIELDS = ['pin', 'ticket', 'issuer', 'check'] as const;
type FieldName = (typeof FIELDS)[number];
const PIN_BYTES = 32;
const CHECK_BYTES = 6;
const MAX_HOST_LENGTH = 253;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The text of an invitation, {@link parseInvitation}'s counterpart.
 * @throws {SecurityError} `ERR_SECURITY_INVITATION` when the node or the pin is none; `ERR_SECURITY_ISSUER_KEY`.
 */
export function formatInvitation({ node, pin, ticket, issuer }: Omit<Invitation, 'type'>, sha256: Sha256): string {
  const host = canonicalAddress(node.host) ?? node.host.toLowerCase();
  if (!isHost(host) || !isPort(node.port)) {
    const got = JSON.stringify(`${node.host}:${node.port}`);
    throw new SecurityError(
      'ERR_SECURITY_INVITATION',
      `the node of an invitation is a name or the address of one machine, and a port; got ${got}`,
    );
  }
  if (pin !== undefined && pin.length !== PIN_BYTES) {
    throw new SecurityError('ERR_SECURITY_INVITATION', `the pin of an invitation has ${PIN_BYTES} bytes, got ${pin.length}`);
  }
  const fields = [
    pin === undefined ? [] : [`pin=${encodeBase64Url(pin)}&`],
    ticket === undefined ? [] : [`ticket=${formatTicket(ticket)}&`],
    issuer === undefined ? [] : [`issuer=${formatIssuerKey(issuer)}&`],
  ];
  const checked = `${PREFIX}${formatSocketAddress({ host, port: node.port })}?${fields.flat().join('')}`;
  return `${checked}check=${checkOf(checked, sha256)}`;
}

/**
 * Reads an invitation. It may be anybody's: nothing in it is to be trusted because it could be read.
 * @param text nothing but the invitation.
 * @returns the invitation, or why it is none. Never throws.
 */
export function parseInvitation(text: string, sha256: Sha256): Invitation | InvitationRefusal {
  if (!text.startsWith(INVITATION_SCHEME)) return refuse('not_an_invitation', `an invitation begins with ${PREFIX}`);
  if (text.length > MAX_INVITATION_LENGTH) {
    return refuse('too_long', `it is ${text.length} characters long; allowed are ${MAX_INVITATION_LENGTH}`);
  }
  if (!CHARACTERS.test(text)) return refuse('character', foreignCharacter(text));
  if (!text.startsWith(PREFIX)) {
    return refuse('unknown_version', `its version is not known here; this program reads what begins with ${PREFIX}`);
  }
  const [address, query, ...more] = text.slice(PREFIX.length).split('?');
  const node = readNode(address);
  if (node === undefined)
    return refuse('node', `its node is "${address}"; allowed: a name in lower case or the address of one machine, and :PORT`);
  if (query === undefined) return refuse('damaged', 'its end is missing: copy the whole line');
  if (more.length > 0) return refuse('character', 'it has more than one "?"');
  const fields = readFields(query);
  if (!(fields instanceof Map)) return fields;
  const checked = text.slice(0, text.lastIndexOf('check='));
  if (fields.get('check') !== checkOf(checked, sha256))
    return refuse('damaged', 'a part of it is missing or was changed: copy the whole line');
  const read = readValues(node, fields);
  if (read.type === 'refused' || formatInvitation(read, sha256) === text) return read;
  return refuse('field', `its fields have one order: ${FIELDS.join(', ')}`);
}

/** @returns undefined for what is no node. */
function readNode(text: string): SocketAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):([1-9]\d{0,4})$/.exec(text) ?? [];
  const host = (bracketed as string | undefined) ?? plain;
  if (digits === undefined || !isPort(Number(digits))) return undefined;
  const isAddress = addressKind(host) !== undefined;
  // What a name stands for never has the form of an address, and an address has one spelling.
  if (isAddress ? canonicalAddress(host) !== host || (bracketed !== undefined) !== host.includes(':') : bracketed !== undefined)
    return undefined;
  return isHost(host) ? { host, port: Number(digits) } : undefined;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 0xffff;
}

function isHost(host: string): boolean {
  switch (addressKind(host)) {
    case 'usual':
    case 'loopback':
      return true;
    case undefined:
      break;
    default:
      return false;
  }
  const labels = host.split('.');
  // Systems read a name that ends in a number, such as 127.1 or 0x7f.1, as an address.
  return host.length <= MAX_HOST_LENGTH && labels.every((label) => LABEL.test(label)) && !/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '');
}

function readFields(query: string): Map<FieldName, string> | InvitationRefusal {
  const fields = new Map<FieldName, string>();
  for (const part of query.split('&')) {
    const [, given = part, value = ''] = /^([^=]*)=(.*)$/.exec(part) ?? [];
    const name = FIELDS.find((known) => known === given);
    if (fields.has('check')) return refuse('damaged', 'there is something behind its end');
    if (name === undefined) return refuse('unknown_field', `it has a field "${given.slice(0, 32)}"; allowed: ${FIELDS.join(', ')}`);
    if (fields.has(name)) return refuse('duplicate_field', `it has the field ${name} twice`);
    fields.set(name, value);
  }
  return fields.has('check') ? fields : refuse('damaged', 'its end is missing: copy the whole line');
}

function readValues(node: SocketAddress, fields: ReadonlyMap<FieldName, string>): Invitation | InvitationRefusal {
  const [pinText, ticketText, issuerText] = [fields.get('pin'), fields.get('ticket'), fields.get('issuer')];
  const pin = pinText === undefined ? undefined : decodeBase64Url(pinText);
  if (pinText !== undefined && pin?.length !== PIN_BYTES) return refuse('field', `its pin is not ${PIN_BYTES} bytes in base64url`);
  const ticket = ticketText === undefined ? undefined : parseTicket(ticketText);
  if (ticket !== undefined && !(ticket instanceof Uint8Array)) return refuse('field', ticket.text);
  try {
    const issuer = issuerText === undefined ? undefined : parseIssuerKey(issuerText);
    return { type: 'invitation', node, pin, ticket, issuer };
  } catch {
    return refuse('field', 'its issuer is no public key of an issuer, lsi1_...');
  }
}

/** It finds what was lost or changed on the way. Whoever makes an invitation up can make it as well. */
function checkOf(text: string, sha256: Sha256): string {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return encodeBase64Url(sha256(bytes).subarray(0, CHECK_BYTES));
}

function foreignCharacter(text: string): string {
  const at = [...text].findIndex((character) => !CHARACTERS.test(character));
  const code = [...text][at]?.codePointAt(0) ?? 0;
  return `its character ${at + 1} is U+${code.toString(16).toUpperCase().padStart(4, '0')}, which no invitation has`;
}

function refuse(code: InvitationRefusalCode, text: string): InvitationRefusal {
  return { type: 'refused', code, text };
}
