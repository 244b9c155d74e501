import type { RegisteredSession } from '@lightspeed/lab';
import { formatIpv4 } from '@lightspeed/wire';

/** Sessions that share one client address: each has a token of its own there, as players behind one NAT have. */
const SESSIONS_PER_ADDRESS = 64;
/** Addresses of one load process: enough for all the sockets that it may open. */
const ADDRESSES_PER_PROCESS = 256;
/** Somewhere in 127.0.0.0/8: all of it is this machine. */
const FIRST_IP = 0x7f10_0001;

/** The addresses that the clients of a load process take turns in. */
export function addressesOf(process: number, clients: number): number[] {
  const first = FIRST_IP + process * ADDRESSES_PER_PROCESS;
  return Array.from({ length: Math.ceil(clients / SESSIONS_PER_ADDRESS) }, (_, index) => first + index);
}

/** What the clients of a load process are registered with. */
export function sessionsOf(process: number, clients: number): RegisteredSession[] {
  const addresses = Math.ceil(clients / SESSIONS_PER_ADDRESS);
  const first = process * ADDRESSES_PER_PROCESS * SESSIONS_PER_ADDRESS;
  return Array.from({ length: clients }, (_, client) => ({
    // All 32 bits are in use, as in ids that nodes hand out; distinct, never 0.
    sessionId: Math.imul(first + client + 1, 0x9e37_79b1) >>> 0,
    token: 1 + Math.floor(client / addresses),
    secret: Buffer.from((first + client).toString(16).padStart(32, '0'), 'hex'),
  }));
}

/**
 * The file in which a node keeps its registrations, as if so many had been made before. To make them over QUIC would take
 * a quarter of an hour.
 * @param counts clients of each load process.
 */
export function savedRegistrations(counts: readonly number[]): string {
  const clients = counts.flatMap((count, process) => {
    const ips = addressesOf(process, count);
    return sessionsOf(process, count).map(({ sessionId, token, secret }, client) => {
      const known = { sessionId, address: formatIpv4(ips[client % ips.length]), token, dialect: 'standard' };
      return { ...known, secret: Buffer.from(secret).toString('hex'), resumes: { highest: '-1', below: '0' }, worker: 0 };
    });
  });
  return `${JSON.stringify({ format: 2, clients })}\n`;
}
