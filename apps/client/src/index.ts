/**
 * The player's end of LightSpeed: {@link startTunnel} makes local UDP entrances that stand for game servers, and carries
 * what arrives there through a relay node. The program `lightspeed` is made of it.
 *
 * @module
 */
export { ClientError } from './errors.ts';
export type { ClientErrorCode } from './errors.ts';
export { RunningTunnel } from './tunnel/running-tunnel.ts';
export type { Entrance, TunnelEvents } from './tunnel/running-tunnel.ts';
export { DEFAULT_TUNNEL_SETTINGS } from './tunnel/settings.ts';
export type { EntranceSettings, TunnelSettings } from './tunnel/settings.ts';
export { startTunnel } from './tunnel/start-tunnel.ts';
export type { RoundTripTimes, TunnelCounterName, TunnelStats } from './tunnel/stats.ts';
