import { getSystemErrorMap } from 'node:util';

/** Windows has no ports that need rights, but hands out ranges of ports to Hyper-V and others, and lets a program keep one alone. */
const RESERVED =
  'Windows has reserved the port, or a program has it for itself alone (EACCES): choose another port; ' +
  '`netsh int ipv4 show excludedportrange udp` lists the reserved ones';

/**
 * Why the system refuses to bind or listen, and what helps, in words: one text for all sockets of client and node. It
 * completes a sentence such as "cannot listen on 127.0.0.1:80: ...", and has the system's own name of the error in it.
 * @param errno the system's name of the error, such as `EADDRINUSE`
 * @param platform the system's name, as `process.platform` has it
 */
export function explainBindErrno(errno: string, platform: NodeJS.Platform = process.platform): string {
  switch (errno) {
    case 'EADDRINUSE':
      return 'another program listens there (EADDRINUSE): end it, or choose another port';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address (EADDRNOTAVAIL): choose one that it has';
    case 'EACCES':
      return platform === 'win32' ? RESERVED : 'ports below 1024 need more rights (EACCES): choose another port';
    case 'EINVAL':
      return 'the system does not take it (EINVAL): a link-local address needs its interface behind it, such as fe80::1%2';
    case 'ENODEV':
    case 'ENXIO':
      return `there is no interface with that number (${errno}): choose one that this machine has`;
    case 'EAFNOSUPPORT':
      return 'this machine has no IPv6 (EAFNOSUPPORT): choose an IPv4 address';
    case 'EMFILE':
    case 'ENFILE':
      return `too many files and sockets are open (${errno}): raise the limit, or end some`;
    default:
      return `the system refuses it (${errno})`;
  }
}

/**
 * The system's name of the error for which a socket could not be opened. It finds it in errors of this package, `node:net`
 * and `node:dgram`, and in texts of libraries that have only the number.
 * @returns such as `EADDRINUSE`; undefined if it is none of these
 */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('errno' in error && typeof error.errno === 'string' && error.errno !== '') return error.errno;
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code)) return error.code;
  const number = /\berrno=(\d+)/.exec(error.message)?.[1];
  if (number !== undefined) return getSystemErrorMap().get(-Number(number))?.[0];
  return /\baddress already in use\b/i.test(error.message) ? 'EADDRINUSE' : undefined;
}
