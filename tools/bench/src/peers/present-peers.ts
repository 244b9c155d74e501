import { PEERS } from './catalogue.ts';
import type { Peer } from './catalogue.ts';

/** Those of the catalogue that were asked for. */
export interface PresentPeers {
  readonly present: readonly Peer[];
  /** Those that are not installed, or cannot run here, and why. */
  readonly missing: readonly { readonly name: string; readonly why: string }[];
}

/** @param names of peers that shall take part. */
export async function presentPeers(names: readonly string[]): Promise<PresentPeers> {
  const present: Peer[] = [];
  const missing: { name: string; why: string }[] = [];
  for (const peer of PEERS) {
    if (!names.includes(peer.name)) continue;
    const why = await peer.whyNot();
    if (why === undefined) present.push(peer);
    else missing.push({ name: peer.name, why });
  }
  return { present, missing };
}

/** @returns those that can serve so many clients. */
export function peersFor(clients: number, peers: readonly Peer[]): Peer[] {
  return peers.filter(({ leastClients = 1, mostClients = Infinity }) => leastClients <= clients && clients <= mostClients);
}
