import { networkInterfaces } from 'node:os';
import { canonicalAddress, isUnspecified } from '@lightspeed/wire';
import { reasonOf } from './transport/quic-error.ts';

/** More addresses of one machine than this are not listened on: each takes threads of the QUIC library. */
const MAX_LISTEN_ADDRESSES = 64;

/**
 * The addresses of this machine's interfaces that are up, of both families, in the form of RFC 5952. Those of one link
 * have the number of their interface (`fe80::1%2`).
 */
export function localHosts(): string[] {
  const hosts = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map((entry) => canonicalAddress(entry.family === 'IPv6' && entry.scopeid > 0 ? `${entry.address}%${entry.scopeid}` : entry.address));
  return [...new Set(hosts.filter((host) => host !== undefined))];
}

/**
 * Which addresses to listen on. Link-local ones are left out of a listener on all addresses: the QUIC library loses their
 * interface, so no handshake would end.
 * @param bind an address, which is then the only one; `0.0.0.0` for all IPv4 ones, `::` for all of both families
 * @param local the addresses of this machine
 */
export function listenHosts(bind: string, local: readonly string[]): readonly string[] {
  if (!isUnspecified(bind)) return [bind];
  return local.filter((host) => !host.includes('%') && (bind === '::' || !host.includes(':'))).slice(0, MAX_LISTEN_ADDRESSES);
}

/** Whether an address cannot be bound because the machine does not have it, or does not have it yet (RFC 4862, 5.4). */
export function isNotAvailable(thrown: unknown): boolean {
  return /assign requested address|errno=(99|49|10049)\b/i.test(reasonOf(thrown));
}

/** Whether another socket has the port. */
export function isInUse(thrown: unknown): boolean {
  return reasonOf(thrown).includes('in use');
}
