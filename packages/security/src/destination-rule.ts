import { canonicalAddress, formatIpv4, parseIpv4 } from '@lightspeed/wire';
import { SecurityError } from './security-error.ts';

/** A network and a range of ports; made by {@link parseDestinationRule}. */
export interface DestinationRule {
  /** First address, an unsigned 32-bit number. */
  readonly network: number;
  /** Leading bits that an address must share with `network`, 0 to 32. */
  readonly prefixLength: number;
  readonly lowPort: number;
  /** Inclusive. */
  readonly highPort: number;
}

const FORM = 'write CIDR[:PORT[-PORT]], for example 203.0.113.0/24:27000-27100';

/**
 * Parses `CIDR[:PORT[-PORT]]`. It has four decimal parts, a prefix length from 0 to 32 that covers all set bits, and
 * ports from 1 to 65,535. Without ports it means all of them. Nothing is guessed: a rule that might mean two things is
 * an error.
 *
 * @throws {SecurityError} one of the `SECURITY_RULE_*` codes, with what was got, what is allowed and an example.
 */
export function parseDestinationRule(text: string): DestinationRule {
  if (isIpv6Rule(text)) {
    throw refuse(
      text,
      'ERR_SECURITY_RULE_ADDRESS',
      'destinations are IPv4 addresses, because the header of a packet has room for no others',
    );
  }
  const colon = text.indexOf(':');
  const cidr = colon < 0 ? text : text.slice(0, colon);
  const slash = cidr.indexOf('/');
  const addressText = slash < 0 ? cidr : cidr.slice(0, slash);

  const address = parseIpv4(addressText);
  if (address === undefined) {
    throw refuse(text, 'ERR_SECURITY_RULE_ADDRESS', `${quote(addressText)} is not an IPv4 address of four decimal parts`);
  }
  if (slash < 0) {
    throw refuse(text, 'ERR_SECURITY_RULE_PREFIX', `the prefix length is missing (one address is ${addressText}/32)`);
  }
  const prefixText = cidr.slice(slash + 1);
  const prefixLength = parseDecimal(prefixText);
  if (prefixLength === undefined || prefixLength > 32) {
    throw refuse(text, 'ERR_SECURITY_RULE_PREFIX', `the prefix length must be 0 to 32, got ${quote(prefixText)}`);
  }
  const network = (address & prefixMask(prefixLength)) >>> 0;
  if (network !== address) {
    throw refuse(
      text,
      'ERR_SECURITY_RULE_HOST_BITS',
      `${addressText} has bits set that /${prefixLength} does not cover; the network is ${formatIpv4(network)}/${prefixLength}`,
    );
  }
  if (colon < 0) return Object.freeze({ network, prefixLength, lowPort: 1, highPort: 0xffff });

  const ports = text.slice(colon + 1);
  const dash = ports.indexOf('-');
  const lowPort = parsePort(text, dash < 0 ? ports : ports.slice(0, dash));
  const highPort = dash < 0 ? lowPort : parsePort(text, ports.slice(dash + 1));
  if (lowPort > highPort) {
    throw refuse(
      text,
      'ERR_SECURITY_RULE_PORT_ORDER',
      `the port range ${lowPort}-${highPort} ends before it starts; did you mean ${highPort}-${lowPort}?`,
    );
  }
  return Object.freeze({ network, prefixLength, lowPort, highPort });
}

/** Writes a rule in the form that {@link parseDestinationRule} reads. */
export function formatDestinationRule(rule: DestinationRule): string {
  const cidr = `${formatIpv4(rule.network)}/${rule.prefixLength}`;
  if (rule.lowPort === 1 && rule.highPort === 0xffff) return cidr;
  return rule.lowPort === rule.highPort ? `${cidr}:${rule.lowPort}` : `${cidr}:${rule.lowPort}-${rule.highPort}`;
}

/** The int32 mask with `prefixLength` leading ones. */
export function prefixMask(prefixLength: number): number {
  // A shift by 32 is a shift by 0.
  return prefixLength === 0 ? 0 : -1 << (32 - prefixLength);
}

/** Whether somebody means an IPv6 network, with or without brackets. */
function isIpv6Rule(text: string): boolean {
  const network = text.replace(/^\[([^\]]*)\].*$/, '$1').replace(/\/.*$/, '');
  return network.includes(':') && canonicalAddress(network) !== undefined;
}

function parsePort(rule: string, text: string): number {
  const port = parseDecimal(text);
  if (port === undefined || port < 1 || port > 0xffff) {
    throw refuse(rule, 'ERR_SECURITY_RULE_PORT', `a port must be 1 to 65535, got ${quote(text)}`);
  }
  return port;
}

/** Decimal without sign, blanks or leading zeros, at most five digits. */
function parseDecimal(text: string): number | undefined {
  return /^(0|[1-9]\d{0,4})$/.test(text) ? Number(text) : undefined;
}

function refuse(rule: string, code: SecurityError['code'], why: string): SecurityError {
  return new SecurityError(code, `destination rule ${quote(rule)}: ${why}; ${FORM}`);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
