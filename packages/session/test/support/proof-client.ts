import { encodeProof } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_HANDSHAKE, TunnelHeader } from '@lightspeed/wire';
import { LstpClient, endpoint } from './lstp-client.ts';
import type { RelayHost } from './relay-host.ts';

export const SECRET = new Uint8Array(16).fill(9);
export const SESSION_ID = 77;
export const CLIENT_IP = endpoint('203.0.113.5:1').ip;

/** A HANDSHAKE with a proof, for path 0 and one path only unless said otherwise. */
export function proof(
  token: number,
  nonce: bigint,
  { secret = SECRET, sessionId = SESSION_ID, path = 0, mode = 0, sequence = 1, challenge = 0n } = {},
): Uint8Array {
  const header = new TunnelHeader({
    flags: FLAG_HANDSHAKE,
    token,
    sequence,
    timestampUs: 1,
    source: { ip: 0, port: path },
    destination: { ip: 0, port: mode },
  });
  const packet = header.encodeWithPayload(new Uint8Array(challenge === 0n ? 28 : 36));
  encodeProof(packet, 0, sessionId, nonce, secret, hmacSha256, challenge);
  return packet;
}

/** A client with a token that it has already. */
export function clientAt(host: RelayHost, address: string, token: number): LstpClient {
  const client = new LstpClient(host, address);
  client.token = token;
  return client;
}

/** Sends a proof that answers the relay's challenge, as if it had asked before: its address is validated then. */
export function prove(client: LstpClient, token: number, nonce: bigint, options: NonNullable<Parameters<typeof proof>[2]> = {}): void {
  client.raw(proof(token, nonce, { ...options, challenge: client.host.challengeFor(options.sessionId ?? SESSION_ID, client.address) }));
}
