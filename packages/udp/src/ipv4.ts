/** a.b.c.d of an address in host order, signed or unsigned. */
export function dotted(ip: number): string {
  return [ip >>> 24, (ip >>> 16) & 0xff, (ip >>> 8) & 0xff, ip & 0xff].join('.');
}

/** The int32 bit pattern of a.b.c.d as an operating system prints it, so there is nothing to check. */
export function undotted(text: string): number {
  let ip = 0;
  for (const part of text.split('.')) ip = (ip << 8) | Number(part);
  return ip;
}
