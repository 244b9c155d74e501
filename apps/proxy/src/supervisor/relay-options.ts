import { DEFAULT_RELAY_OPTIONS } from '@lightspeed/session';
import type { RelayOptions } from '@lightspeed/session';
import { egressSocketsPerWorker } from '../base/descriptor-limit.ts';
import { protectionsOf } from '../config/protection.ts';
import type { NodeConfig } from '../config/node-config.ts';

/** The configuration as each worker's relay takes it. */
export function relayOptionsOf(config: NodeConfig): RelayOptions {
  return Object.freeze({
    ...DEFAULT_RELAY_OPTIONS,
    admission: config.requireAuth ? 'registered' : 'open',
    dialect: config.dialect,
    maxClients: config.maxClients,
    maxSessionsPerAddress: Math.ceil(config.maxSessionsPerAddress / config.workers),
    maxFlowsPerSession: config.maxFlowsPerSession,
    sessionTimeoutMs: config.sessionTimeoutSecs * 1_000,
    flowTimeoutMs: config.flowTimeoutSecs * 1_000,
    maxPpsPerClient: config.maxPpsPerClient,
    maxBpsPerClient: config.maxBpsPerClient,
    openRatio: config.openRatio,
    maxDestinationsPerWindow: config.maxDestinationsPerWindow,
    banDurationMs: config.banDurationSecs * 1_000,
    oversize: config.oversize,
    egressMapping: config.egressMapping,
    egressFiltering: config.egressFiltering,
    maxEgressSockets: egressSocketsPerWorker(config.workers, portsIn(config)),
    tags: config.tags,
    protections: protectionsOf(config),
  });
}

function portsIn({ egressPorts }: NodeConfig): number {
  return egressPorts === undefined ? Infinity : egressPorts.high - egressPorts.low + 1;
}
