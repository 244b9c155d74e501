import { existsSync } from 'node:fs';
import { whyNoNamespaces } from '../namespaces/internet.ts';

/** @returns why no scenarios of ways can take place here, or undefined if they can. */
export async function whyNoWays(): Promise<string | undefined> {
  return (await whyNoNamespaces()) ?? (existsSync('/dev/net/tun') ? undefined : 'there is no /dev/net/tun');
}
