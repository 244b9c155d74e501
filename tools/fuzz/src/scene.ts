import type { Endpoint } from '@lightspeed/wire';

/** IPv4 and UDP headers. */
export const OVERHEAD_BYTES = 28;
/** Addresses of clients; behind the fourth they can never answer: whatever goes there is on a victim's wire. */
export const CLIENTS: readonly Endpoint[] = Array.from({ length: 8 }, (_, i) => ({ ip: 0xcb00_7100 + (i >> 1), port: 40_000 + i }));
/** So many of them can answer. */
export const ANSWERING = 4;
/** Game servers. */
export const ALLOWED: readonly Endpoint[] = [
  { ip: 0xc633_6407, port: 7_777 },
  { ip: 0xc633_6408, port: 7_778 },
];
/** Where no relay may send. */
export const DENIED: readonly Endpoint[] = [
  { ip: 0x0a00_0001, port: 80 },
  { ip: 0x7f00_0001, port: 53 },
];
/** Where clients say that their games run. */
export const PROGRAMS: readonly Endpoint[] = [
  { ip: 0xc0a8_0164, port: 12_345 },
  { ip: 0xc0a8_0164, port: 12_346 },
];
/** Sessions of registrations. The client of each has the address with its number. */
export const SESSIONS = 3;

/** What packets name as their destination. */
export const DESTINATIONS: readonly Endpoint[] = [...ALLOWED, ...ALLOWED, ...DENIED];

/** What the relay's policy must keep to, told in another way: no address of this machine, of private networks or of groups. */
export function isPublic(ip: number): boolean {
  const first = ip >>> 24;
  if (ALLOWED.some((server) => server.ip === ip)) return true;
  const isPrivate = first === 10 || first === 127 || first === 0 || ip >>> 20 === 0xac1 || ip >>> 16 === 0xc0a8 || ip >>> 16 === 0xa9fe;
  return !isPrivate && first < 224;
}

/** What ends that know blocks have agreed on, and the 8 bytes of a HANDSHAKE that say so. */
export const TERMS = { forms: 15, deadlineMs: 30, budgetPercent: 120 };
/** {@link TERMS} in a HANDSHAKE, big-endian. */
export const TERMS_IN_HANDSHAKE = 0x4c53_5250_010f_1e78n;
/** How ends protect what they send. */
export const PROTECTIONS = [
  { kind: 'auto' },
  { kind: 'repeat', agesMs: [5, 20] },
  { kind: 'xor', packets: 2 },
  { kind: 'request' },
] as const;
