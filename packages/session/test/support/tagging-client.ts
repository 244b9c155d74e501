import { PeerCapability } from '@lightspeed/session';
import type { RelayOptions, SessionClaims } from '@lightspeed/session';
import { tagKeys } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { TunnelHeader, openPacket, sealPacket } from '@lightspeed/wire';
import type { TagKey } from '@lightspeed/wire';
import { expect } from 'vitest';
import { PROGRAM, SERVER, bytesOf, textOf } from './lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, prove } from './proof-client.ts';
import { RelayHost } from './relay-host.ts';

export const HOME = '203.0.113.5:1';
export const UNLIMITED = { admission: 'registered' as const, maxPpsPerClient: 1e6, maxBpsPerClient: 1e9 };
export const BOTH = PeerCapability.tags | PeerCapability.challenges;

/** A packet with its tag. */
export function sealed(packet: Uint8Array, { word0, word1 }: TagKey): Uint8Array {
  const bytes = new Uint8Array(packet.length + 4);
  bytes.set(packet, 4);
  sealPacket(new DataView(bytes.buffer), 4, packet.length, word0, word1);
  return bytes;
}

/** A packet without its tag, which must be right. */
export function opened(packet: Uint8Array, { word0, word1 }: TagKey): Uint8Array {
  const bytes = packet.slice();
  expect(openPacket(new DataView(bytes.buffer), 0, bytes.length, word0, word1)).toBe(0);
  return bytes.subarray(4);
}

/** A client made by hand whose session is bound. */
export function playing(options: Partial<RelayOptions> = {}, capabilities: number = BOTH, claims?: SessionClaims) {
  const host = new RelayHost({ ...UNLIMITED, ...options }, 512, claims);
  const token = host.register({ sessionId: SESSION_ID, ip: CLIENT_IP, dialect: 'standard', secret: SECRET, capabilities });
  return { ...clientOf(host, token), capabilities };
}

function clientOf(host: RelayHost, token: number, openingNonce = 1n) {
  const client = clientAt(host, HOME, token);
  const { up, down } = tagKeys(SECRET, SESSION_ID, openingNonce, hmacSha256);
  prove(client, token, openingNonce);
  client.sequence = 10;
  host.takeToClients();
  const packet = (text: string, sequence = client.sequence++, timestampUs = 1_000) =>
    TunnelHeader.data(sequence, timestampUs, PROGRAM, SERVER).withSessionToken(token).encodeWithPayload(bytesOf(text), 'standard');
  const guess = (count: number) => {
    for (let i = 1; i <= count; i++) {
      client.raw(
        TunnelHeader.data(0, 1, PROGRAM, SERVER)
          .withSessionToken(token === 255 ? 1 : token + 1)
          .encodeWithPayload(bytesOf('no'), 'standard'),
      );
    }
  };
  const arrived = () => host.takeToServers().map(({ bytes }) => textOf(bytes));
  return { host, token, client, up, down, packet, guess, arrived };
}
