import { generateKeyPairSync } from 'node:crypto';

/** The keys of one end of a WireGuard tunnel, as hexadecimal digits. */
export interface WireguardKeys {
  readonly privateKey: string;
  readonly publicKey: string;
}

export function makeWireguardKeys(): WireguardKeys {
  const { d, x } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  if (d === undefined || x === undefined) throw new TypeError('a private key of X25519 has d and x');
  const hex = (base64url: string) => Buffer.from(base64url, 'base64url').toString('hex');
  return { privateKey: hex(d), publicKey: hex(x) };
}

/** What a WireGuard program is told over its socket (wireguard.com/xplatform), for a tunnel with one peer that takes all. */
export function wireguardSettings(own: WireguardKeys, listenPort: number, peer: WireguardKeys, peerAt: string): string {
  return [
    'set=1',
    `private_key=${own.privateKey}`,
    `listen_port=${listenPort}`,
    `public_key=${peer.publicKey}`,
    `endpoint=${peerAt}`,
    'replace_allowed_ips=true',
    'allowed_ip=0.0.0.0/0',
    '\n',
  ].join('\n');
}
