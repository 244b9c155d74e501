import type { ProofNoncesState } from '@lightspeed/security';
import type { SessionReport } from '@lightspeed/session';
import type { NodeConfig } from '../config/node-config.ts';
import type { RegisteredClient } from '../data-plane/messages.ts';

/** An index is used again only after so many others, when the workers have long forgotten what it stood for. */
const SPARE_CLAIMS = 4_096;

/** How many registrations the workers' claims have room for. */
export function claimsFor({ maxClients }: NodeConfig): number {
  return maxClients + SPARE_CLAIMS;
}

/** What workers tell of clients. */
export interface WorkerNews {
  /** A client has opened new destinations for as long as earns a ban. */
  misused(sessionId: number): void;
  /** What the log says of a client besides its address: its ticket, if it has one. */
  nameOf(sessionId: number): Readonly<Record<string, string>>;
  /** How the packets of sessions fare: their clients are to be told. */
  reported(reports: readonly SessionReport[]): void;
  /** The packets of a session are to have tags: its client must be told. */
  tagging(sessionId: number): void;
  /** Packets with wrong tokens or tags come in the name of a session's client. */
  attacked(sessionId: number): void;
}

/** The clients that the control plane has let in, in the place where it has them. */
export interface RegisteredClients {
  /** For workers that start later. */
  registered(): Iterable<RegisteredClient>;
  has(sessionId: number): boolean;
  /** Keeps which proofs a client has used, for workers that start later. @returns false if the client is gone. */
  noteNonces(sessionId: number, nonces: ProofNoncesState): boolean;
  /** Hears what workers tell of them. */
  readonly news: WorkerNews;
}

/** For a node without a control plane. */
export const NO_CLIENTS: RegisteredClients = {
  registered: () => [],
  has: () => false,
  noteNonces: () => false,
  news: {
    misused: () => undefined,
    nameOf: () => ({}),
    reported: () => undefined,
    tagging: () => undefined,
    attacked: () => undefined,
  },
};
