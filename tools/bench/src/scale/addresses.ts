/** Sessions that share one client address: each has a token and a port of its own there, as players behind one NAT have. */
export const SESSIONS_PER_ADDRESS = 64;

const FIRST_CLIENT_IP = 0x7f10_0001;
const FIRST_SERVER_IP = 0x7fc8_0001;

/** Game servers that the sessions are spread over: a server's players each have an egress socket of the node. */
export const SESSIONS_PER_SERVER = 1_000;

/** The client address of a session, somewhere in 127.0.0.0/8: all of it is this machine. Unsigned. */
export function clientIp(session: number): number {
  return FIRST_CLIENT_IP + Math.floor(session / SESSIONS_PER_ADDRESS);
}

/** The token that a session is registered with: distinct among those of its address. */
export function tokenOf(session: number): number {
  return 1 + (session % SESSIONS_PER_ADDRESS);
}

/** The id of a session's registration: all 32 bits are in use, as in those that nodes hand out. Distinct, never 0. */
export function sessionIdOf(session: number): number {
  return Math.imul(session + 1, 0x9e37_79b1) >>> 0;
}

/** The 16 bytes of its secret. */
export function secretOf(session: number): Uint8Array {
  return Buffer.from(session.toString(16).padStart(32, '0'), 'hex');
}

/** The number of the game server that a session plays on. */
export function serverOf(session: number): number {
  return Math.floor(session / SESSIONS_PER_SERVER);
}

export function serverIp(server: number): number {
  return FIRST_SERVER_IP + server;
}
