import { createHash, randomBytes } from 'node:crypto';
import type { Ticket } from '@lightspeed/security';
import { Capability } from '@lightspeed/control';
import type { ProtectionOffer } from '@lightspeed/control';
import { PeerCapability, agreeOn, packTerms } from '@lightspeed/session';
import { formatPrefixWords } from '@lightspeed/wire';
import { offerFor } from '../config/protection.ts';
import type { NodeConfig } from '../config/node-config.ts';
import type { Client, RegisterRefusal } from './client.ts';

const SALT = randomBytes(16);

/** What a node knows besides what all know. */
export function capabilitiesOf(config: Pick<NodeConfig, 'egressFiltering' | 'probesEnabled' | 'tags'>): number {
  const { egressFiltering, probesEnabled, tags } = config;
  const anySource = egressFiltering === 'endpoint-independent' ? PeerCapability.anySource : 0;
  const asked = (tags === 'off' ? 0 : PeerCapability.tags) | anySource | (probesEnabled ? Capability.probes : 0);
  return PeerCapability.challenges | PeerCapability.reports | asked;
}

/** Why accounts are banned. */
export const BAN_REASON = 'it opened too many new destinations';

/** To whom misuse is charged: the ticket, or those who register from an address without one. */
export function accountOf(ticket: Ticket | undefined, { prefixHigh, prefixLow }: Pick<Client, 'prefixHigh' | 'prefixLow'>): string {
  return ticket?.id ?? formatPrefixWords(prefixHigh, prefixLow);
}

/** A number of 24 bits for an account: a hash, which nobody outside can aim at another account's. */
export function accountNumber(account: string): number {
  return createHash('sha256').update(SALT).update(account).digest().readUIntBE(0, 3);
}

/** What a ticket says of 0 is left to the node. */
export function limitsOf(ticket: Ticket | undefined): Pick<Client, 'maxPps' | 'maxBps'> {
  return { maxPps: ticket?.ratePps || undefined, maxBps: ticket?.rateBps || undefined };
}

/** What a node and the bearer of a ticket agree on for protection, see `packTerms`. @param offer what the client has said. */
export function agreedWith(config: NodeConfig, ticket: Ticket | undefined, offer: ProtectionOffer | undefined): number {
  return packTerms(agreeOn(offerFor(config, ticket), offer));
}

/** Why a Register is not accepted. */
export function refuse(reason: RegisterRefusal['reason'], code: string, text: string): RegisterRefusal {
  return { type: 'refused', reason, code, text };
}

/** A session id that nobody has. */
export function freshSessionId(isTaken: (sessionId: number) => boolean): number {
  for (;;) {
    const id = randomBytes(4).readUInt32BE();
    if (id !== 0 && !isTaken(id)) return id;
  }
}

/** From 0 on, less than 1, unpredictable to others. */
export function randomFraction(): number {
  return randomBytes(4).readUInt32BE() / 2 ** 32;
}
