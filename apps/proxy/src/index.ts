/**
 * A LightSpeed relay node: carries games' UDP traffic between clients and game servers. This is the node as a library;
 * the program is `lightspeed-proxy`.
 *
 * ```ts
 * const node = await startNode(nodeConfig({ dataBind: '127.0.0.1:4434', httpBind: 'off', requireAuth: false }))
 * ```
 *
 * @module
 */
export { ConfigError } from './config/config-error.ts';
export type { LogLevel, NodeConfig } from './config/node-config.ts';
export { nodeConfig } from './config/parse-config.ts';
export type { NodeSettings } from './config/parse-config.ts';
export type { PortRange } from './base/port-range.ts';
export { startNode } from './node/node.ts';
export type { NodeOptions } from './node/node.ts';
export type { Reload } from './config/reloadable.ts';
export type { RunningNode } from './node/live-node.ts';
export { NodeError } from './base/node-error.ts';
export type { NodeErrorCode } from './base/node-error.ts';
export type { NodeStats, WorkerStats } from './supervisor/stats.ts';
export type { RelayCounterName } from './supervisor/worker-counters.ts';
export type { WorkerState } from './supervisor/worker-slot.ts';
