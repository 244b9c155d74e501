/**
 * The player's end of LightSpeed: {@link startTunnel} makes local UDP ingresses that stand for game servers, and carries
 * what arrives there through a relay node. The program `lightspeed` is made of it.
 *
 * @module
 */
export type { ControlState } from './control/fleet.ts';
export type { NodeStatus } from './control/fleet-node.ts';
export type { MoveReason } from './control/node-choice.ts';
export type { RegisteredSession } from './control/registered-session.ts';
export { DEFAULT_CONTROL_PORT, MAX_NODES } from './control/settings.ts';
export type { NodeSettings, RegisterSettings } from './control/settings.ts';
export { ClientError } from './errors.ts';
export type { ClientErrorCode } from './errors.ts';
export { RunningTunnel } from './tunnel/running-tunnel.ts';
export type { Ingress, TunnelEvents } from './tunnel/running-tunnel.ts';
export { DEFAULT_TUNNEL_SETTINGS } from './tunnel/settings.ts';
export type { IngressSettings, TunnelSettings } from './tunnel/settings.ts';
export { startTunnel } from './tunnel/start-tunnel.ts';
export type { PathStats, RoundTripTimes, TunnelCounterName, TunnelStats } from './tunnel/stats.ts';
