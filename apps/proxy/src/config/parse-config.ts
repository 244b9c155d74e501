import type { DestinationRule } from '@lightspeed/security';
import type { SocketAddress } from '@lightspeed/wire';
import { formatSocketAddress, isLoopback } from '@lightspeed/wire';
import type { z } from 'zod';
import type { PortRange } from '../base/port-range.ts';
import { ConfigError } from './config-error.ts';
import type { NodeConfig } from './node-config.ts';
import { FIELDS, OPTIONS } from './options.ts';
import type { Field } from './options.ts';

/** What somebody gave for a field, as a configuration file writes it. */
type InWriting<T> = T extends SocketAddress | PortRange ? string : T extends readonly DestinationRule[] ? readonly string[] : T;

/** Fields whose writing does not follow from their type. */
type FieldOfItsOwn = 'egressBind' | 'httpBind' | 'controlBind' | 'issuerKeys' | 'pin' | 'protect' | 'budget' | 'ticketProtections';

/** Some of {@link NodeConfig}, with addresses, ranges and rules as text. */
export type NodeSettings = {
  readonly [F in Exclude<Field, FieldOfItsOwn>]?: InWriting<NodeConfig[F]> | undefined;
} & {
  /** An address without a port. */
  readonly egressBind?: string | undefined;
  /** ADDR:PORT or "off". */
  readonly httpBind?: string | undefined;
  /** ADDR:PORT or "off"; by default every address of the machine on port 4433, or "off" if `requireAuth` is false. */
  readonly controlBind?: string | undefined;
  /** "off", "auto", or processors, one for each worker: "0,2-3". */
  readonly pin?: string | undefined;
  /** Public keys as texts, lsi1_... Any of them makes "tickets" the default of `registration`. */
  readonly issuerKeys?: readonly string[] | undefined;
  /** "auto", "off", "repeat:5,20", "xor:3" or "request". */
  readonly protect?: string | undefined;
  /** "120%". */
  readonly budget?: string | undefined;
  /** "alice = repeat:5 200%". */
  readonly ticketProtections?: readonly string[] | undefined;
};

/**
 * A configuration made in code: `settings` over the defaults.
 *
 * ```ts
 * nodeConfig({ dataBind: '127.0.0.1:0', httpBind: 'off', requireAuth: false, allowDestinations: ['127.0.0.0/8'] })
 * ```
 *
 * @throws {ConfigError} like {@link parseConfig}.
 */
export function nodeConfig(settings: NodeSettings = {}): NodeConfig {
  const given: Partial<Record<Field, Given>> = {};
  for (const field of FIELDS) {
    const value = settings[field];
    if (value !== undefined) given[field] = { value, source: field };
  }
  return parseConfig(given);
}

/** A value that somebody gave, and where: `node.toml, server.workers` or `--workers`. */
export interface Given {
  readonly value: unknown;
  readonly source: string;
}

/** What was given for each setting, and where; a setting that was not given is left out. */
export type GivenByField = { readonly [F in Field]?: Given | undefined };

/**
 * Checks what was given, puts defaults where nothing was, and freezes the result.
 * @throws {ConfigError} about the first value that is not allowed, or a combination that is not.
 */
export function parseConfig(given: GivenByField): NodeConfig {
  const values = Object.fromEntries(FIELDS.map((field) => [field, parseField(field, given[field])]));
  const config = Object.freeze(withDerived(values as unknown as NodeConfig, given));
  refuseOpenRelay(config, given);
  refuseSamePorts(config, given);
  refuseTooFewPorts(config, given);
  refuseHalfAnIdentity(config, given);
  refuseTicketsWithoutIssuer(config, given);
  return config;
}

/** Where what was not given follows from what was. */
function withDerived(config: NodeConfig, given: GivenByField): NodeConfig {
  // Who lets anybody in has nobody to register, unless it is asked for.
  const controlBind = given.controlBind === undefined && !config.requireAuth ? undefined : config.controlBind;
  const registration = given.registration === undefined ? registrationBy(config, controlBind) : config.registration;
  return { ...config, controlBind, registration };
}

/** A node that others can reach does not relay for all of them unless that is meant. */
function registrationBy({ issuerKeys, allowOpen }: NodeConfig, controlBind: SocketAddress | undefined): NodeConfig['registration'] {
  if (issuerKeys.length > 0) return 'tickets';
  return allowOpen || (controlBind !== undefined && isLoopback(controlBind.host)) ? 'anyone' : 'nobody';
}

function parseField(field: Field, given: Given | undefined): unknown {
  const option = OPTIONS[field];
  if (given === undefined) return option.fallback;
  const result: z.ZodSafeParseResult<unknown> = option.schema.safeParse(given.value);
  if (result.success) return result.data;
  throw new ConfigError(`${given.source}: ${complaint(result.error, given.value, option.schema.description ?? '')}`);
}

function complaint(error: z.ZodError, value: unknown, allowed: string): string {
  const [issue] = error.issues;
  // What a rule of a list has to say for itself is better than anything that can be said about the list.
  if (issue.code === 'custom' && /^(destination rule|an issuer|protection of tickets)/.test(issue.message)) return issue.message;
  const special: unknown = issue.code === 'custom' ? issue.params?.allowed : undefined;
  return `got ${show(value)}, allowed is ${typeof special === 'string' ? special : allowed}`;
}

function show(value: unknown): string {
  // JSON has no word for a number that is none.
  if (typeof value === 'number') return String(value);
  return value instanceof Date ? value.toISOString() : JSON.stringify(value);
}

function refuseOpenRelay({ requireAuth, allowOpen, dataBind }: NodeConfig, given: GivenByField): void {
  if (requireAuth || allowOpen || isLoopback(dataBind.host)) return;
  throw new ConfigError(
    `${given.requireAuth?.source ?? 'security.require_auth'}: a node without authentication relays for anybody who can reach ` +
      `${formatSocketAddress(dataBind)}; bind it to loopback (--data-bind 127.0.0.1:4434), or consent with --allow-open (security.allow_open = true)`,
  );
}

/** Both take datagrams: one of them would find its port taken. */
function refuseSamePorts({ dataBind, controlBind }: NodeConfig, given: GivenByField): void {
  if (controlBind === undefined || dataBind.port === 0 || dataBind.port !== controlBind.port) return;
  if (!covers(dataBind.host, controlBind.host) && !covers(controlBind.host, dataBind.host)) return;
  const data = `${given.dataBind?.source ?? 'server.data_bind'} (${formatSocketAddress(dataBind)})`;
  const control = `${given.controlBind?.source ?? 'server.control_bind'} (${formatSocketAddress(controlBind)})`;
  throw new ConfigError(`${data} and ${control}: got UDP port ${dataBind.port} for both, allowed are two ports: choose another for one`);
}

function covers(bound: string, host: string): boolean {
  return bound === host || bound === '::' || (bound === '0.0.0.0' && !host.includes(':'));
}

function refuseTooFewPorts({ egressPorts, workers }: NodeConfig, given: GivenByField): void {
  if (egressPorts === undefined) return;
  const ports = egressPorts.high - egressPorts.low + 1;
  if (ports >= workers) return;
  throw new ConfigError(
    `${given.egressPorts?.source ?? 'server.egress_ports'}: got ${ports} ports for ${workers} workers, each needs at least one of its own`,
  );
}

function refuseHalfAnIdentity({ certificate, privateKey }: NodeConfig, given: GivenByField): void {
  if ((certificate === undefined) === (privateKey === undefined)) return;
  const { source } = given.certificate ?? given.privateKey ?? { source: 'server.certificate' };
  throw new ConfigError(`${source}: a certificate needs its private key, and the other way round: give both, or none`);
}

function refuseTicketsWithoutIssuer({ registration, issuerKeys }: NodeConfig, given: GivenByField): void {
  if (registration === 'tickets' && issuerKeys.length === 0) {
    throw new ConfigError(
      `${given.registration?.source ?? 'security.registration'}: tickets need an issuer whose tickets count: give its public key with --issuer-key (security.issuer_keys)`,
    );
  }
  if (registration !== 'tickets' && issuerKeys.length > 0) {
    throw new ConfigError(
      `${given.registration?.source ?? 'security.registration'}: got "${registration}" and issuer keys; leave out either`,
    );
  }
}
