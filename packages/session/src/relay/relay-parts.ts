import type { FecMemory } from '@lightspeed/fec';
import { AmplificationGuard, BanTable, RateLimiter, ReflectionGuard, UnboundRateLimiter } from '@lightspeed/security';
import { BlockReturns } from '../protection/block-returns.ts';
import { Clock } from '../clock.ts';
import { FecTotals } from '../protection/fec-totals.ts';
import { ForwardingTable } from './forwarding-table.ts';
import { LossTotals } from './loss-totals.ts';
import { RegistrationTable } from './registration-table.ts';
import type { RelayEnvironment, RelayOptions } from './relay-options.ts';
import { SessionTable, expectedSessions } from './session-table.ts';

/** What a relay is made of besides the steps of its packet path: each step takes of it what it needs. */
export interface RelayParts extends RelayEnvironment {
  readonly options: RelayOptions;
  readonly bytes: FecMemory['bytes'];
  readonly clock: Clock;
  readonly returns: BlockReturns;
  readonly sessions: SessionTable;
  readonly registrations: RegistrationTable;
  readonly forwarding: ForwardingTable;
  readonly rateLimiter: RateLimiter;
  readonly unboundRateLimiter: UnboundRateLimiter;
  readonly amplification: AmplificationGuard;
  readonly reflection: ReflectionGuard;
  readonly bans: BanTable;
  /** Statistics of the decoders of all sessions, as of the last sweep. */
  readonly fecTotals: FecTotals;
  readonly lossTotals: LossTotals;
}

/** Makes the tables, guards and counters that a relay's classes share. */
export function makeRelayParts(options: RelayOptions, environment: RelayEnvironment): RelayParts {
  const { memory, random, addresses } = environment;
  const { maxClients } = options;
  return {
    ...environment,
    options,
    bytes: memory.bytes,
    clock: new Clock(),
    returns: new BlockReturns(memory),
    sessions: new SessionTable(maxClients, options.maxSessionsPerAddress, addresses, environment.quota, random),
    registrations: new RegistrationTable(options.admission === 'registered' ? expectedSessions(maxClients) : 0, random),
    forwarding: new ForwardingTable(addresses, random),
    rateLimiter: new RateLimiter(maxClients, options.maxPpsPerClient, options.maxBpsPerClient),
    unboundRateLimiter: new UnboundRateLimiter({ ratePps: options.maxPpsPerUnboundAddress, hashSeed: random() | 0 }),
    amplification: new AmplificationGuard(maxClients, {
      maxRatio: options.maxAmplificationRatio,
      allowanceBytes: options.amplificationAllowanceBytes,
      verifiedMaxRatio: options.maxVerifiedAmplificationRatio,
    }),
    reflection: new ReflectionGuard(maxClients, {
      maxDestinationsPerWindow: options.maxDestinationsPerWindow,
      windowMs: options.destinationWindowMs,
      fullWindowsToBan: options.fullWindowsToBan,
    }),
    bans: new BanTable({ durationMs: options.banDurationMs, hashSeed: random() | 0 }),
    fecTotals: new FecTotals(),
    lossTotals: new LossTotals(),
  };
}
