import { hostname } from 'node:os';
import { formatDestinationRule, formatIssuerKey } from '@lightspeed/security';
import type { DestinationRule } from '@lightspeed/security';
import { DEFAULT_PROTECTION, DEFAULT_RELAY_OPTIONS, MAX_DEADLINE_MS, MIN_DEADLINE_MS, formatProtect } from '@lightspeed/session';
import { hasIpv6 } from '@lightspeed/udp';
import { formatIpv4, formatSocketAddress } from '@lightspeed/wire';
import type { z } from 'zod';
import type { NodeConfig } from './node-config.ts';
import { formatTicketProtection } from './protection.ts';
import {
  address,
  budget,
  choice,
  corePinning,
  destinationRules,
  issuerKeys,
  name,
  nodeProtect,
  number,
  path,
  pathOrOff,
  portRange,
  socketAddress,
  socketAddressOrOff,
  ticketProtections,
  wholeNumber,
  yesOrNo,
} from './schemas.ts';

/** A value as a configuration file can hold it. */
export type Written = string | number | boolean | readonly string[];

/** How one field of {@link NodeConfig} is written, checked and shown. */
export interface Option<T> {
  /** Section and key in the file. */
  readonly key: `${string}.${string}`;
  readonly schema: z.ZodType<T>;
  /** What holds when it is not given. */
  readonly fallback: T;
  /** How the file would say it; undefined where leaving the key out is the only way to say it. */
  readonly write: (value: T) => Written | undefined;
}

const relay = DEFAULT_RELAY_OPTIONS;

/** Of both families where the system has both. */
const EVERY_ADDRESS = hasIpv6() ? '::' : '0.0.0.0';

/** Longest time that wrapping 32-bit milliseconds can tell from one that has passed. */
const MAX_SECONDS = 2_147_483;

const writeRules = (rules: readonly DestinationRule[]) => rules.map(formatDestinationRule);

function plain<T extends Written>(key: Option<T>['key'], schema: z.ZodType<T>, fallback: T): Option<T> {
  return { key, schema, fallback, write: (value) => value };
}

function orNone<T>(key: Option<T>['key'], schema: z.ZodType<T>, write: (value: T) => Written): Option<T | undefined> {
  return { key, schema, fallback: undefined, write: (value) => (value === undefined ? undefined : write(value)) };
}

/** Everything that can be set, by field. The order is that of the file. */
export const OPTIONS: { readonly [Field in keyof NodeConfig]: Option<NodeConfig[Field]> } = {
  nodeId: plain('server.node_id', name(), hostname()),
  region: plain('server.region', name(), 'default'),
  maxClients: plain('server.max_clients', wholeNumber(1, 1_000_000), relay.maxClients),
  maxSessionsPerAddress: plain('server.max_sessions_per_address', wholeNumber(1, 1_000_000), relay.maxSessionsPerAddress),
  maxFlowsPerSession: plain('server.max_flows_per_session', wholeNumber(1, 65_535), relay.maxFlowsPerSession),
  sessionTimeoutSecs: plain('server.session_timeout_secs', wholeNumber(1, MAX_SECONDS), relay.sessionTimeoutMs / 1_000),
  flowTimeoutSecs: plain('server.flow_timeout_secs', wholeNumber(1, MAX_SECONDS), relay.flowTimeoutMs / 1_000),
  graceSecs: plain('server.grace_secs', wholeNumber(1, 86_400), 30),
  drainSecs: plain('server.drain_secs', wholeNumber(0, 86_400), 30),
  controlBind: {
    key: 'server.control_bind',
    schema: socketAddressOrOff(),
    fallback: { host: EVERY_ADDRESS, port: 4433 },
    write: (value) => (value === undefined ? 'off' : formatSocketAddress(value)),
  },
  stateDir: {
    key: 'server.state_dir',
    schema: pathOrOff(),
    fallback: undefined,
    write: (value) => value ?? 'off',
  },
  certificate: orNone('server.certificate', path(), (value) => value),
  privateKey: orNone('server.private_key', path(), (value) => value),
  dataBind: {
    key: 'server.data_bind',
    schema: socketAddress(),
    fallback: { host: EVERY_ADDRESS, port: 4434 },
    write: formatSocketAddress,
  },
  egressBind: { key: 'server.egress_bind', schema: address(), fallback: 0, write: formatIpv4 },
  egressPorts: orNone('server.egress_ports', portRange(), ({ low, high }) => `${low}-${high}`),
  egressMapping: plain('server.egress_mapping', choice('shared', 'endpoint-independent'), relay.egressMapping),
  egressFiltering: plain('server.egress_filtering', choice('address-and-port-dependent', 'endpoint-independent'), relay.egressFiltering),
  workers: plain('server.workers', wholeNumber(1, 64), 1),
  io: plain('server.io', choice('auto', 'batch', 'portable'), 'auto'),
  pin: {
    key: 'server.pin',
    schema: corePinning(),
    fallback: 'off',
    write: (value) => (typeof value === 'string' ? value : value.join(',')),
  },
  busyPollUs: plain('server.busy_poll_us', wholeNumber(0, 1_000_000), 0),
  dialect: plain('server.dialect', choice('standard', 'reference'), relay.dialect),
  oversize: plain('server.oversize', choice('fragment', 'drop'), relay.oversize),

  requireAuth: plain('security.require_auth', yesOrNo(), true),
  registration: plain('security.registration', choice('anyone', 'tickets', 'nobody'), 'nobody'),
  issuerKeys: {
    key: 'security.issuer_keys',
    schema: issuerKeys(),
    fallback: [],
    write: (keys) => keys.map(formatIssuerKey),
  },
  revocationList: orNone('security.revocation_list', path(), (value) => value),
  allowOpen: plain('security.allow_open', yesOrNo(), false),
  tags: plain('security.tags', choice('auto', 'always', 'off'), relay.tags),
  openRatio: plain('security.open_ratio', number(3, 1_000), relay.openRatio),
  maxDestinationsPerWindow: plain('security.max_destinations_per_window', wholeNumber(1, 65_535), relay.maxDestinationsPerWindow),
  banDurationSecs: plain('security.ban_duration_secs', wholeNumber(1, MAX_SECONDS), relay.banDurationMs / 1_000),
  allowDestinations: {
    key: 'security.allow_destinations',
    schema: destinationRules(),
    fallback: [],
    write: writeRules,
  },
  onlyAllowedDestinations: plain('security.only_allowed_destinations', yesOrNo(), false),
  denyDestinations: { key: 'security.deny_destinations', schema: destinationRules(), fallback: [], write: writeRules },

  protect: { key: 'protection.protect', schema: nodeProtect(), fallback: { kind: 'auto' }, write: formatProtect },
  deadlineMs: plain('protection.deadline_ms', wholeNumber(MIN_DEADLINE_MS, MAX_DEADLINE_MS), MAX_DEADLINE_MS),
  budget: {
    key: 'protection.budget',
    schema: budget(),
    fallback: DEFAULT_PROTECTION.budgetPercent,
    write: (percent) => `${percent}%`,
  },
  budgetKbps: plain('protection.budget_kbps', wholeNumber(1, 1_000_000), DEFAULT_PROTECTION.budgetKbps),
  ticketProtections: {
    key: 'protection.tickets',
    schema: ticketProtections(),
    fallback: [],
    write: (list) => list.map(formatTicketProtection),
  },

  maxPpsPerClient: plain('rate_limit.max_pps_per_client', wholeNumber(1, 1_000_000_000), relay.maxPpsPerClient),
  maxBpsPerClient: plain('rate_limit.max_bps_per_client', wholeNumber(1, 1_000_000_000_000), relay.maxBpsPerClient),
  maxConnections: plain('rate_limit.max_connections', wholeNumber(1, 1_000_000), 10_000),
  maxConnectionsPerAddress: plain('rate_limit.max_connections_per_address', wholeNumber(1, 1_000_000), 255),

  probesEnabled: plain('probes.enabled', yesOrNo(), true),
  probeTargets: plain('probes.max_targets', wholeNumber(1, 1_000), 32),
  probesPerSecond: plain('probes.max_per_second', wholeNumber(1, 10_000), 200),

  metricsEnabled: plain('metrics.enabled', yesOrNo(), true),
  metricsIntervalSecs: plain('metrics.interval_secs', wholeNumber(0, 86_400), 60),

  httpBind: {
    key: 'http.bind',
    schema: socketAddressOrOff(),
    fallback: { host: '127.0.0.1', port: 8080 },
    write: (value) => (value === undefined ? 'off' : formatSocketAddress(value)),
  },

  logLevel: plain('log.level', choice('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), 'info'),
  logFormat: orNone('log.format', choice('pretty', 'json'), (value) => value),
};

/** The name of a setting in the code. */
export type Field = keyof NodeConfig;

/** The names of all settings, in the order of the table. */
export const FIELDS = Object.keys(OPTIONS) as readonly Field[];
