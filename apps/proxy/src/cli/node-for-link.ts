import { existsSync } from 'node:fs';
import { DestinationPolicy } from '@lightspeed/security';
import { formatIpv4, parseSocketAddress } from '@lightspeed/wire';
import { NodeError } from '../base/node-error.ts';
import { ownEgressIp } from '../control/own-egress-ip.ts';
import type { ServingStatus } from '../node/admin-commands.ts';
import { nodeStatus } from './restart.ts';

/** What the policy denies by default it denies at each port. */
const ANY_PORT = 27_015;

/** What a line for a player takes from the node that runs on this machine. */
export interface NodeForLink {
  /** Where players reach it; undefined if this machine has no public IPv4 address of its own. */
  readonly host: string | undefined;
  /** Of its control plane. */
  readonly port: number;
  /** Undefined if it shows a certificate that its operator gave: players may trust the authority of that. */
  readonly pin: string | undefined;
}

/** Why there is nothing to take; `why` goes behind what is missing. */
export interface NoNodeForLink {
  readonly why: string;
}

/**
 * Asks the node on this machine, if it counts tickets of this issuer.
 * @param stateDir its folder.
 * @param isNamed whether somebody named the folder, so that there has to be a node.
 * @param issuer the public key that the ticket is signed with, lsi1_...
 * @throws {NodeError} if it cannot be asked, although there is its folder.
 */
export async function nodeForLink(stateDir: string, isNamed: boolean, issuer: string): Promise<NodeForLink | NoNodeForLink> {
  if (!isNamed && !existsSync(stateDir)) return { why: 'no node runs on this machine' };
  const serving = await servingStatus(stateDir, isNamed);
  if (serving === undefined) return { why: 'no node that could be asked runs on this machine' };
  if (!serving.issuers.includes(issuer)) {
    return { why: `the node on this machine does not count tickets of this key: put ${issuer} into its issuer_keys, and restart it` };
  }
  const pin = serving.hasGivenCertificate ? undefined : serving.pin;
  return { host: await publicHost(), port: parseSocketAddress(serving.control)?.port ?? 0, pin };
}

async function servingStatus(stateDir: string, isNamed: boolean): Promise<ServingStatus | undefined> {
  try {
    return (await nodeStatus(stateDir)).serving;
  } catch (error) {
    // A folder that nobody uses any more is no reason to fail; one that may not be opened is.
    if (!isNamed && error instanceof NodeError && /\((?:ENOENT|ECONNREFUSED)\)/.test(error.message)) return undefined;
    throw error;
  }
}

/** The address by which this machine reaches others, if others can reach it there. */
async function publicHost(): Promise<string | undefined> {
  const ip = await ownEgressIp();
  if (ip === undefined) return undefined;
  const policy = new DestinationPolicy({ allow: [], deny: [], onlyAllowed: false });
  return policy.verdict(ip, ANY_PORT) === 0 ? formatIpv4(ip) : undefined;
}
