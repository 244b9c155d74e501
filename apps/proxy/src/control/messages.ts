import {
  dataAddressExtension,
  drainingExtension,
  egressAddressExtension,
  keepaliveIntervalExtension,
  limitsExtension,
  loadExtension,
  observedAddressExtension,
  reasonTextExtension,
  sessionSecretExtension,
} from '@lightspeed/control';
import type { DisconnectReason, OutgoingMessage } from '@lightspeed/control';
import type { Dialect, Endpoint } from '@lightspeed/wire';
import type { NodeConfig } from '../config/node-config.ts';
import { VERSION } from '../version.ts';
import type { Client } from './client.ts';

/** How often clients are asked to say that they are there (docs/protocol.md, Sessions). */
const KEEPALIVE_MS = 5_000;

/** What a node knows about its own addresses. */
export interface NodeAddresses {
  /** Where packets go; ip 0 for the host that the control connection leads to. */
  readonly data: Endpoint;
  /** The address that game servers see, as far as this machine knows; undefined if it does not. */
  readonly egressIp: number | undefined;
}

/**
 * The answer to a Register that was accepted.
 * @param secret the client's.
 * @param peer the address that it came from.
 */
export function registerAck(
  config: NodeConfig,
  addresses: NodeAddresses,
  client: Client,
  secret: Uint8Array | undefined,
  peer: Endpoint,
): OutgoingMessage {
  const { sessionId, token, maxPps, maxBps } = client;
  const { data, egressIp } = addresses;
  return {
    type: 'register_ack',
    sessionId,
    token,
    nodeId: config.nodeId,
    region: config.region,
    extensions: [
      ...(secret === undefined ? [] : [sessionSecretExtension.encode(secret)]),
      dataAddressExtension.encode(data),
      keepaliveIntervalExtension.encode(KEEPALIVE_MS),
      limitsExtension.encode({
        ratePps: Math.min(maxPps ?? config.maxPpsPerClient, 0xffff_ffff),
        rateBps: Math.min(maxBps ?? config.maxBpsPerClient, 0xffff_ffff),
      }),
      observedAddressExtension.encode(peer),
      ...(egressIp === undefined ? [] : [egressAddressExtension.encode({ ip: egressIp, port: 0 })]),
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

export function loadOf(sessions: number, maxClients: number): number {
  return Math.min(100, Math.round((100 * sessions) / maxClients));
}

export function disconnect(reason: DisconnectReason, text: string): OutgoingMessage {
  return { type: 'disconnect', reason, extensions: [reasonTextExtension.encode(text)] };
}

export const SHUTDOWN_TEXT = 'the node is shutting down';
