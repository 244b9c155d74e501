import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import { ChoiceError } from './choice-error.ts';

/** Addresses whose first `bits` bits are those of `ip`. */
export interface Prefix {
  /** Unsigned; bits behind the prefix are 0. */
  readonly ip: number;
  readonly bits: number;
}

/** Evidence is of such a prefix: servers in it share their routes. */
const EVIDENCE_BITS = 24;
/** What is taken for one provider, if no known prefix contains a server. */
const PROVIDER_BITS = 16;

/**
 * Reads `A.B.C.D/BITS`.
 * @throws {ChoiceError} `ERR_CHOICE_PREFIX` for anything else, also for bits behind the prefix.
 */
export function parsePrefix(text: string): Prefix {
  const [address = '', length = '', ...rest] = text.split('/');
  const ip = parseIpv4(address);
  const bits = /^\d{1,2}$/.test(length) ? Number(length) : NaN;
  if (ip === undefined || rest.length > 0 || !(bits <= 32) || (ip & maskOf(bits)) >>> 0 !== ip) {
    throw new ChoiceError('ERR_CHOICE_PREFIX', `got the prefix ${JSON.stringify(text)}; allowed is A.B.C.D/BITS, such as 203.0.113.0/24`);
  }
  return { ip, bits };
}

/** Whether an address, signed or unsigned, is in a prefix. */
export function contains({ ip, bits }: Prefix, address: number): boolean {
  return (address & maskOf(bits)) >>> 0 === ip;
}

/** The /24 of an address, as text: evidence and vetoes are of one. */
export function evidencePrefix(address: number): string {
  return textOf(address, EVIDENCE_BITS);
}

/** The longest of the known prefixes that contains the address, else its /16. */
export function providerOf(known: readonly Prefix[], address: number): string {
  const { bits } = known
    .filter((prefix) => contains(prefix, address))
    .reduce((best, prefix) => (prefix.bits > best.bits ? prefix : best), { ip: 0, bits: -1 });
  return textOf(address, bits < 0 ? PROVIDER_BITS : bits);
}

function textOf(address: number, bits: number): string {
  return `${formatIpv4(address & maskOf(bits))}/${bits.toString()}`;
}

function maskOf(bits: number): number {
  // A shift by 32 would shift by 0.
  return bits === 0 ? 0 : -1 << (32 - bits);
}
