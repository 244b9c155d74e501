import { readFileSync } from 'node:fs';

const USUAL = '/etc/resolv.conf';
/** What keeps a list of the name servers that a resolver of this machine asks: systemd-resolved, NetworkManager. */
const UPSTREAM = ['/run/systemd/resolve/resolv.conf', '/run/NetworkManager/no-stub-resolv.conf'];

/**
 * The file that says which name servers there are, for a network namespace: a resolver at a loopback address of this machine
 * is not there.
 * @returns undefined if the usual one will do, or there is no better one.
 */
export function resolverFile(read: (path: string) => string | undefined = readText): string | undefined {
  if (isReachable(read(USUAL))) return undefined;
  return UPSTREAM.find((path) => isReachable(read(path)));
}

function isReachable(text: string | undefined): boolean {
  const servers = [...(text ?? '').matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server]) => server);
  return servers.some((server) => !server.startsWith('127.') && server !== '::1');
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
