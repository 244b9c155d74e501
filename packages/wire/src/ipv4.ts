import type { AddressHandle, Port } from './roles.ts';

/**
 * Parses `a.b.c.d`, each part 0 to 255 in decimal without leading zeros.
 * @returns the address as an unsigned 32-bit number (`a` in the highest byte), or undefined if `text` is anything else.
 */
export function parseIpv4(text: string): number | undefined {
  const parts = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (parts === null) return undefined;
  let ip = 0;
  for (const part of parts.slice(1)) {
    const byte = Number(part);
    if (byte > 255) return undefined;
    ip = ip * 256 + byte;
  }
  return ip;
}

/** Writes an address, given as a 32-bit number in signed or unsigned form, as `a.b.c.d`. */
export function formatIpv4(ip: AddressHandle): string {
  return `${ip >>> 24}.${(ip >>> 16) & 0xff}.${(ip >>> 8) & 0xff}.${ip & 0xff}`;
}

/** Where a datagram comes from or goes to. */
export interface Endpoint {
  /** IPv4 address as an unsigned 32-bit number. */
  readonly ip: AddressHandle;
  /** UDP port, 0 to 65,535. */
  readonly port: Port;
}

/**
 * Parses `a.b.c.d:port`.
 * @returns undefined if the text has another form or the port is over 65,535.
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  const colon = text.lastIndexOf(':');
  const port = text.slice(colon + 1);
  if (colon < 0 || !/^\d{1,5}$/.test(port) || Number(port) > 0xffff) return undefined;
  const ip = parseIpv4(text.slice(0, colon));
  return ip === undefined ? undefined : { ip, port: Number(port) };
}

/** Writes an endpoint as `a.b.c.d:port`. */
export function formatEndpoint(ip: AddressHandle, port: Port): string {
  return `${formatIpv4(ip)}:${port}`;
}
