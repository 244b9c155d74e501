import { domainToUnicode } from 'node:url';
import { formatPin } from '@lightspeed/control/quic';
import { BUILT_IN_DENIALS, DEFAULT_MAX_SESSIONS, TicketVerifier, decodeTicket, formatIssuerKey } from '@lightspeed/security';
import type { Invitation } from '@lightspeed/security';
import { sha256, verifyEd25519 } from '@lightspeed/security/node';
import { addressKind, formatSocketAddress, isLoopback, parseIpv4 } from '@lightspeed/wire';
import { printable } from '../base/printable.ts';

/** Names that lead somewhere in the local network only. */
const LOCAL_NAME = /^[^.]+$|\.(?:local|lan|home|internal|home\.arpa)$/;

/**
 * What an invitation says, a line each; safe to print.
 * @param nowSeconds since 1970.
 */
export function describeInvitation({ node, pin, ticket, issuer }: Invitation, nowSeconds: number): string[] {
  const kind = describeHost(node.host);
  const authority = 'none: the node must show a certificate of an authority that your system trusts';
  return [
    `node    ${formatSocketAddress(node)}${kind === undefined ? '' : `  (${kind})`}`,
    `pin     ${pin === undefined ? authority : formatPin(pin)}`,
    `ticket  ${ticket === undefined ? 'none: for nodes that let anybody in' : describeTicket(ticket, nowSeconds)}`,
    ...(issuer === undefined ? [] : [`issuer  ${formatIssuerKey(issuer)}${ticket === undefined ? '' : ', who has signed the ticket'}`]),
  ];
}

/** What is wrong with its ticket for good; undefined if nothing is. Its time may come, or be over by a clock that is wrong. */
export function faultOfTicket({ ticket, issuer }: Invitation, nowSeconds: number): string | undefined {
  if (ticket === undefined) return undefined;
  const read = decodeTicket(ticket);
  if (read.type === 'refused') return read.text;
  if (issuer === undefined) return undefined;
  const verdict = new TicketVerifier({ issuers: [issuer], verifyEd25519, sha256 }).verify(ticket, nowSeconds);
  if (verdict.type === 'ticket' || verdict.code === 'expired' || verdict.code === 'not_yet_valid') return undefined;
  return 'its ticket was not signed by the issuer that it names';
}

/** What people should know about where a host is; undefined for a usual name or address. */
function describeHost(host: string): string | undefined {
  if (isLoopback(host)) return 'this machine itself';
  const kind = addressKind(host);
  if (kind === undefined) return describeName(host);
  const ip = parseIpv4(host);
  if (ip === undefined) return /^f[cd]/.test(host) ? 'private, RFC 4193' : undefined;
  return BUILT_IN_DENIALS.find(({ network, prefixLength }) => (ip ^ network) >>> (32 - prefixLength) === 0)?.name;
}

function describeName(host: string): string | undefined {
  if (host === 'localhost' || host.endsWith('.localhost')) return 'this machine itself';
  if (LOCAL_NAME.test(host)) return 'a name of a local network';
  if (!/(?:^|\.)xn--/.test(host)) return undefined;
  // Foreign letters that look like usual ones must not look so here.
  const letters = domainToUnicode(host).replace(/[^\x20-\x7e]/gu, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);
  return `beware: a name with letters of other alphabets, ${letters}`;
}

/** A ticket in words: for whom, and until when. */
export function describeTicket(bytes: Uint8Array, nowSeconds: number): string {
  const ticket = decodeTicket(bytes);
  if (ticket.type === 'refused') return ticket.text;
  const { name, notBefore, expiresAt, maxSessions } = ticket;
  const until = expiresAt <= nowSeconds ? `EXPIRED on ${date(expiresAt)}` : `until ${date(expiresAt)}`;
  const from = notBefore > nowSeconds ? `from ${date(notBefore)} ` : '';
  return `for "${printable(name)}", ${from}${until}, ${maxSessions || DEFAULT_MAX_SESSIONS} sessions at once on each node`;
}

function date(seconds: number): string {
  const time = new Date(seconds * 1_000);
  return Number.isNaN(time.getTime()) ? `${seconds} s after 1970` : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
