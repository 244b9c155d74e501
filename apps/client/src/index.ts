/**
 * The player's end of LightSpeed: {@link startTunnel} makes local UDP ingresses that stand for game servers, and carries
 * what arrives there through a relay node. The program `lightspeed` is made of it.
 *
 * A folder imports only from folders that stand before it in this list:
 *
 * - `base`: errors, version
 * - `settings`
 * - `config`: the user's own files of settings
 * - `invite`: texts that operators give to players
 * - `ingress`: what brings a game's datagrams in
 * - `history`: matches of the last 90 days
 * - `way`: which way a flow takes
 * - `tunnel`: the data-plane thread
 * - `control`: registration, choice of nodes
 * - `run`: a tunnel at work
 * - `cli`
 *
 * `decode` needs `base` only. It is `@lightspeed/client/decode` for other programs.
 *
 * @module
 */
export type { ControlState } from './control/fleet.ts';
export type { NodeStatus } from './control/fleet-node.ts';
export type { MoveReason } from './control/node-choice.ts';
export type { RegisteredSession } from './control/registered-session.ts';
export { DEFAULT_CONTROL_PORT, MAX_ACTIVE_NODES, MAX_NODES } from './settings/register-settings.ts';
export type { NodeSettings, RegisterSettings } from './settings/register-settings.ts';
export type { KeptSession, SessionPlace, SessionStore } from './settings/session-store.ts';
export { ClientError } from './base/errors.ts';
export type { ClientErrorCode } from './base/errors.ts';
export { RunningTunnel } from './run/running-tunnel.ts';
export type { Ingress } from './run/game-servers.ts';
export type { TunnelEvents } from './run/tunnel-events.ts';
export { DEFAULT_TUNNEL_SETTINGS } from './settings/tunnel-settings.ts';
export type { IngressSettings, SocksSettings, SocksUser } from './settings/ingress-settings.ts';
export type { TunnelSettings } from './settings/tunnel-settings.ts';
export { DIRECT } from './settings/way-settings.ts';
export type { WayRule } from './settings/way-settings.ts';
export { startTunnel } from './run/start-tunnel.ts';
export type { PathStats, RoundTripTimes, TunnelStats } from './run/stats.ts';
export type { TunnelCounterName, WayStats } from './tunnel/counter-book.ts';
export type { NodeAddresses } from './tunnel/messages.ts';
