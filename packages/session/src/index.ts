/**
 * LightSpeed sessions as state machines without I/O: {@link Relay}, a node's data plane, and {@link Tunnel}, the
 * client's end. They take datagrams in shared memory, addresses and the time, and say what to send and when to call
 * again. A driver gives them sockets and a clock. Also what they are made of and others may want: duplicate window, RTT
 * estimator.
 *
 * @module
 */
export { DUPLICATE_WINDOW_PACKETS, DUPLICATE_WINDOW_WORDS, DuplicateWindow, WINDOW_MOVED } from './base/duplicate-window.ts';
export { KeyTable } from './key-table.ts';
export { MAX_PATHS, MULTIPATH_MODES } from './base/multipath.ts';
export type { MultipathMode } from './base/multipath.ts';
export type { LossCounts } from './receive-state.ts';
export {
  ALL_FORMS,
  MAX_BUDGET_PERCENT,
  MAX_DEADLINE_MS,
  MIN_DEADLINE_MS,
  agreeOn,
  packTerms,
  unpackTerms,
} from './protection/agreed/protection-terms.ts';
export { LOOP_MODE_FORMS, PROTECT_FORMS, formatProtect, parseBudget, parseProtect } from './protection/agreed/protect-text.ts';
export type { Protect } from './protection/agreed/protect-text.ts';
export type { ProtectionTerms } from './protection/agreed/protection-terms.ts';
export { DEFAULT_PROTECTION } from './protection/agreed/protection-settings.ts';
export type { ProtectionSettings } from './protection/agreed/protection-settings.ts';
export { ProtectionForm, STEP_NAMES } from './protection/loop/protection-step.ts';
export type { GameHints, ProtectionStep, StepName } from './protection/loop/protection-step.ts';
export type { LoopMode } from './protection/loop/protection-loop.ts';
export { RttEstimator } from './base/rtt-estimator.ts';
export { PeerCapability } from './relay/registration-table.ts';
export type { Registration } from './relay/registration-table.ts';
export type { CarriedFlow, CarriedLimits, CarriedPath } from './relay/carried-flow.ts';
export type { ClientAddress } from './relay/client-address.ts';
export { Relay } from './relay/relay.ts';
export { RELAY_COUNTERS_BYTES, RELAY_COUNTER_COUNT, RelayCounter, relayCountersIn } from './relay/relay-counters.ts';
export type { RelayCounters } from './relay/relay-counters.ts';
export { DEFAULT_RELAY_OPTIONS, OWN_CLAIM } from './relay/relay-options.ts';
export type {
  Admission,
  ClaimedRegistration,
  EgressFiltering,
  EgressMapping,
  RefusedAccount,
  RelayEnvironment,
  RelayLimits,
  RelayOptions,
  RelayOutput,
  SessionClaims,
  SessionQuota,
} from './relay/relay-options.ts';
export { SeatPool } from './relay/seat-pool.ts';
export type { Seat } from './relay/seat-pool.ts';
export type { SessionReport } from './relay/session-report.ts';
export { limitsBytes, limitsOutliveMs } from './relay/session-limits.ts';
export { NOTHING_DUE, SOMETHING_DUE } from './relay/relay-snapshots.ts';
export type { RelaySnapshots } from './relay/relay-snapshots.ts';
export type { FlowSnapshot, PathSnapshot, SessionSnapshot } from './relay/session-snapshot.ts';
export { SnapshotRecords, sessionIdsIn, snapshotIn, snapshotsIn } from './relay/snapshot-records.ts';
export { LocalFlow } from './tunnel/tunnel-flow.ts';
export { Tunnel } from './tunnel/tunnel.ts';
export {
  TUNNEL_COUNTERS_BYTES,
  TUNNEL_COUNTER_COUNT,
  TUNNEL_STATES,
  PathCounter,
  TunnelCounter,
  pathCounter,
  tunnelCountersIn,
} from './tunnel/tunnel-counters.ts';
export type { TunnelCounters, TunnelStateName } from './tunnel/tunnel-counters.ts';
export { SHORTEST_IDLE_MS } from './shortest-idle.ts';
export { DEFAULT_TUNNEL_OPTIONS } from './tunnel/tunnel-options.ts';
export type {
  PathEvent,
  TunnelEnvironment,
  TunnelEvent,
  TunnelOptions,
  TunnelOutput,
  TunnelRegistration,
} from './tunnel/tunnel-options.ts';
