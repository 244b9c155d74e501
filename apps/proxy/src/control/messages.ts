import {
  capabilitiesExtension,
  drainingExtension,
  keepaliveIntervalExtension,
  limitsExtension,
  loadExtension,
  protectionExtension,
  reasonTextExtension,
  refusalCodeExtension,
  sessionSecretExtension,
} from '@lightspeed/control';
import type { DisconnectReason, OutgoingMessage } from '@lightspeed/control';
import type { Dialect } from '@lightspeed/wire';
import { unpackTerms } from '@lightspeed/session';
import type { NodeConfig } from '../config/node-config.ts';
import { VERSION } from '../base/version.ts';
import type { Client, ConnectionEnds } from './client.ts';
import { addressExtensions } from './node-addresses.ts';
import type { NodeAddresses } from './node-addresses.ts';

/** How often clients are asked to say that they are there (docs/protocol.md, Sessions). */
export const KEEPALIVE_MS = 5_000;

/**
 * The answer to a Register that was accepted.
 * @param secret the client's.
 * @param ends those of the connection that it came over.
 */
export function registerAck(
  config: NodeConfig,
  addresses: NodeAddresses,
  client: Client,
  secret: Uint8Array | undefined,
  ends: ConnectionEnds,
): OutgoingMessage {
  const { sessionId, token, capabilities, maxPps, maxBps } = client;
  const protection = unpackTerms(client.protection);
  return {
    type: 'register_ack',
    sessionId,
    token,
    nodeId: config.nodeId,
    region: config.region,
    extensions: [
      ...(secret === undefined ? [] : [sessionSecretExtension.encode(secret)]),
      keepaliveIntervalExtension.encode(KEEPALIVE_MS),
      limitsExtension.encode({
        ratePps: Math.min(maxPps ?? config.maxPpsPerClient, 0xffff_ffff),
        rateBps: Math.min(maxBps ?? config.maxBpsPerClient, 0xffff_ffff),
      }),
      ...(capabilities === 0 ? [] : [capabilitiesExtension.encode(capabilities)]),
      ...(protection === undefined ? [] : [protectionExtension.encode(protection)]),
      ...addressExtensions(addresses, ends),
    ],
  };
}

/** @param drainingMs until the node stops relaying; undefined while it does not drain. */
export function serverInfo(
  { nodeId, region, maxClients }: NodeConfig,
  sessions: number,
  dialect: Dialect,
  drainingMs: number | undefined,
): OutgoingMessage {
  const loadPercent = loadOf(sessions, maxClients);
  if (dialect === 'reference') {
    return { type: 'server_info', dialect, loadPercent, activeSessions: sessions, capacity: maxClients };
  }
  const load = loadExtension.encode({ activeSessions: sessions, capacity: maxClients });
  return {
    type: 'server_info',
    dialect,
    nodeId,
    region,
    loadPercent,
    version: VERSION,
    extensions: drainingMs === undefined ? [load] : [load, drainingExtension.encode(Math.max(0, Math.ceil(drainingMs)))],
  };
}

/** How full a node is, in whole percent and 100 at most. */
export function loadOf(sessions: number, maxClients: number): number {
  return Math.min(100, Math.round((100 * sessions) / maxClients));
}

/** A message that ends a registration. The text says why to people, and the code, if there is one, to programs. */
export function disconnect(reason: DisconnectReason, text: string, code?: string): OutgoingMessage {
  const words = reasonTextExtension.encode(text);
  return { type: 'disconnect', reason, extensions: code === undefined ? [words] : [words, refusalCodeExtension.encode(code)] };
}

/** What clients are told when the node restarts. */
export const RESTART_TEXT = 'the node restarts and keeps its sessions, connect again';

/** What clients are told when the node ends. */
export const SHUTDOWN_TEXT = 'the node is shutting down';
