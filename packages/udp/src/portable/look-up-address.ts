import type { LookupOneOptions } from 'node:dns';

type LookupCallback = (error: Error | null, address: string, family: number) => void;

/** Only addresses come in, so nothing needs looking up. Answering at once makes bind, connect and send of node:dgram immediate. */
export function lookUpAddress(address: string, _options: LookupOneOptions, callback: LookupCallback): void {
  callback(null, address, address.includes(':') ? 6 : 4);
}
