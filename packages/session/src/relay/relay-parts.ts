import type { FecMemory } from '@lightspeed/fec';
import { BanTable, UnboundRateLimiter } from '@lightspeed/security';
import { BlockReturns } from '../protection/block-returns.ts';
import { Clock } from '../base/clock.ts';
import { FecTotals } from '../protection/fec-totals.ts';
import { FairShares } from './fair-shares.ts';
import { ForwardingTable } from './forwarding-table.ts';
import { LossTotals } from './loss-totals.ts';
import { PathChallenges } from './path-challenges.ts';
import { RegistrationTable } from './registration-table.ts';
import type { RelayEnvironment, RelayOptions } from './relay-options.ts';
import { SessionLimits } from './session-limits.ts';
import { SessionRefusals } from './session-refusals.ts';
import { SessionTable, expectedSessions } from './session-table.ts';

/** Proofs of one session in a second: a client sends one or two when its address changes, a few when several paths do. */
const MAX_PROOFS_PER_SECOND = 100;

/**
 * Echoes to an address without a session in a second. Two nodes of which each takes the other's echo for a question would go on
 * for ever: not faster than this.
 */
const MAX_ECHOES_PER_SECOND = 10;
/** So few addresses ask before they have a session that less memory than usual will do. */
const ECHO_BUCKETS = 1_024;

/** What a relay is made of besides the steps of its packet path: each step takes of it what it needs. */
export interface RelayParts extends Omit<RelayEnvironment, 'challenges' | 'limitsMemory'> {
  /** One object for all parts: limits in it change while the relay runs. */
  readonly options: { -readonly [Option in keyof RelayOptions]: RelayOptions[Option] };
  readonly bytes: FecMemory['bytes'];
  readonly clock: Clock;
  readonly returns: BlockReturns;
  readonly sessions: SessionTable;
  readonly registrations: RegistrationTable;
  readonly forwarding: ForwardingTable;
  readonly limits: SessionLimits;
  readonly shares: FairShares;
  readonly unboundRateLimiter: UnboundRateLimiter;
  /** For proofs of sessions that are known here, whatever address they come from. */
  readonly proofRateLimiter: UnboundRateLimiter;
  /** For the echoes of dialect `reference` to addresses without a session. */
  readonly echoRateLimiter: UnboundRateLimiter;
  readonly challenges: PathChallenges;
  readonly bans: BanTable;
  /** Statistics of the decoders of all sessions, as of the last sweep. */
  readonly fecTotals: FecTotals;
  readonly lossTotals: LossTotals;
  readonly refusals: SessionRefusals;
}

/** Makes the tables, guards and counters that a relay's classes share. */
export function makeRelayParts(options: RelayOptions, environment: RelayEnvironment): RelayParts {
  const { memory, random, addresses } = environment;
  const { maxClients } = options;
  const own = { ...options };
  const returns = new BlockReturns(memory);
  const fecTotals = new FecTotals();
  return {
    ...environment,
    options: own,
    shares: new FairShares(own, { memory, returns, fecTotals }, random()),
    bytes: memory.bytes,
    clock: new Clock(),
    returns,
    sessions: new SessionTable(maxClients, options.maxSessionsPerAddress, addresses, environment.quota, random),
    registrations: new RegistrationTable(options.admission === 'registered' ? expectedSessions(maxClients) : 0, random),
    forwarding: new ForwardingTable(addresses, random),
    limits: new SessionLimits(options, environment.limitsMemory),
    unboundRateLimiter: new UnboundRateLimiter({ ratePps: options.maxPpsPerUnboundAddress, hashSeed: random() | 0 }),
    proofRateLimiter: new UnboundRateLimiter({ ratePps: MAX_PROOFS_PER_SECOND, hashSeed: random() | 0 }),
    echoRateLimiter: new UnboundRateLimiter({ buckets: ECHO_BUCKETS, ratePps: MAX_ECHOES_PER_SECOND, hashSeed: random() | 0 }),
    challenges: new PathChallenges(environment),
    bans: new BanTable({ durationMs: options.banDurationMs, hashSeed: random() | 0 }),
    fecTotals,
    lossTotals: new LossTotals(),
    refusals: new SessionRefusals(),
  };
}
