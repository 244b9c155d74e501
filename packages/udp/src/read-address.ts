import { networkInterfaces } from 'node:os';
import { addressKind, canonicalAddress } from '@lightspeed/wire';

/** An address in its canonical form, or what is allowed in place of the text: that completes "allowed is ...". */
export type ReadAddress = { readonly address: string } | { readonly allowed: string };

/** What an address has to be like. */
const ADDRESS = 'an IPv4 or IPv6 address, such as 192.0.2.7 or 2001:db8::7';

/**
 * Reads an address that a person has written. A link-local one has its interface behind it, by its name or number, and
 * comes with the number.
 * @param interfaces the numbers of the interfaces that have a link-local address, by their names; default: those of this machine
 */
export function readAddress(text: string, interfaces: ReadonlyMap<string, number> = linkInterfaces()): ReadAddress {
  const unwrapped = /^\[(.*)\]$/.exec(text)?.[1];
  if (unwrapped !== undefined) {
    const inner = readAddress(unwrapped, interfaces);
    return 'allowed' in inner ? inner : { allowed: `the address without brackets: ${inner.address}` };
  }
  const percent = text.indexOf('%');
  const bare = percent < 0 ? text : text.slice(0, percent);
  const scope = percent < 0 ? '' : text.slice(percent + 1);
  const kind = addressKind(bare);
  if (kind === undefined) return { allowed: ADDRESS };
  const canonical = canonicalAddress(bare) ?? bare;
  const known = [...interfaces].map(([name, number]) => `%${name} or %${number}`).join(', ') || 'none has one now';
  if (kind !== 'link-local') {
    return percent < 0 ? { address: canonical } : { allowed: `an interface behind link-local addresses (fe80::/10) only: ${canonical}` };
  }
  if (scope === '') {
    return { allowed: `a link-local address with the interface to its link behind it; here: ${known}` };
  }
  const numbered = canonicalAddress(`${bare}%${interfaces.get(scope) ?? scope}`);
  if (numbered !== undefined) return { address: numbered };
  return { allowed: `an interface of this machine that has a link-local address; here: ${known}` };
}

function linkInterfaces(): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    for (const address of addresses) if (address.family === 'IPv6' && address.scopeid > 0) numbers.set(name, address.scopeid);
  }
  return numbers;
}
