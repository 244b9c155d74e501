import { isIPv4 } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { addressKind, formatSocketAddress, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import type { NodeEntry } from '../config/client-config.ts';
import { IPV6_ONLY } from '../ingress/game-server-name.ts';
import { DEFAULT_CONTROL_PORT } from '../settings/register-settings.ts';
import { readLocalAddress, readNodeHost } from '../settings/addresses.ts';
import { allowedInPlaceOf } from '../settings/one-machine.ts';
import { DIRECT, parseServers } from '../settings/way-settings.ts';
import type { WayRule } from '../settings/way-settings.ts';
import { UsageError } from './usage-error.ts';

const LOOPBACK = 0x7f00_0001;

/** Parses HOST:PORT of a game server on a command line. Its host is not looked up yet. */
export function parseGameServer(text: string): SocketAddress {
  const { host, port } = splitHostPort(text, 1);
  if (host.includes(':')) throw new InvalidArgumentError(`A game server needs an IPv4 address: ${IPV6_ONLY}.`);
  const allowed = allowedInPlaceOf(host);
  if (allowed !== undefined) throw notAllowed(host, allowed);
  return { host, port };
}

/** A node as a command line names it; without a port the control plane's usual one is meant. */
export interface NodeArgument {
  readonly host: string;
  readonly port?: number | undefined;
  /** What the user's file of settings says of it. */
  readonly entry?: NodeEntry | undefined;
}

/** Parses HOST, HOST:PORT, [IPV6]:PORT or an IPv6 address alone. */
export function parseNode(text: string): NodeArgument {
  const alone = text.replace(/^\[(.*)\]$/, '$1');
  if (isAddress(alone)) return { host: nodeHost(alone) };
  const { host, port } = splitHostPort(text.includes(':') ? text : `${text}:1`, 1);
  return { host: nodeHost(host), port: text.includes(':') ? port : undefined };
}

function nodeHost(text: string): string {
  const read = readNodeHost(text);
  if ('allowed' in read) throw notAllowed(text, read.allowed);
  return read.address;
}

/**
 * The data port of a node to which one does not register has to be named.
 * @throws {UsageError}
 */
export function requirePort({ host, port }: NodeArgument): SocketAddress {
  if (port !== undefined) return { host, port };
  throw new UsageError(`--node ${host}: without a registration the port of its data plane is needed: HOST:PORT`);
}

/** Parses ADDR:PORT of a command line, for a local IPv4 address, or a port of 127.0.0.1; port 0 leaves it to the system. */
export function parseListen(text: string): Endpoint {
  if (/^\d+$/.test(text)) {
    requirePortNumber(text, 0);
    return { ip: LOOPBACK, port: Number(text) };
  }
  const { host, port } = splitHostPort(text, 0);
  const ip = host === 'localhost' ? LOOPBACK : parseIpv4(host);
  if (ip === undefined) throw notAllowed(host, 'an IPv4 address of this machine, such as 127.0.0.1');
  return { ip, port };
}

/** Where the live page is served. */
export type PageArgument = Endpoint | 'off';

/** Parses ADDR:PORT of a command line, a port of 127.0.0.1, or `off`. */
export function parsePage(text: string): PageArgument {
  if (text === 'off') return text;
  const listen = parseListen(text);
  if (listen.ip !== 0) return listen;
  throw notAllowed('0.0.0.0', 'one address of this machine, by which browsers ask for the page');
}

/** Parses a local address of a command line, of either family. */
export function parseLocalAddress(text: string): string {
  const read = readLocalAddress(text);
  if ('allowed' in read) throw notAllowed(text, read.allowed);
  return read.address;
}

/** A rule of a command line, and how it was written. */
export interface WayArgument {
  readonly rule: WayRule;
  readonly text: string;
}

/** Parses SERVER[/PREFIX][:PORT]=direct|NODE of a command line. */
export function parseWay(text: string): WayArgument {
  const parts = /^([^=]+)=(.+)$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('Expected SERVER[/PREFIX][:PORT]=direct or =NODE, such as 203.0.113.0/24=direct.');
  const [, target, way] = parts;
  // What is in another form, such as an IPv6 address, is no server as a whole.
  const [, servers, port] = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/.exec(target) ?? ['', target, undefined];
  const prefix = parseServers(servers);
  if ('allowed' in prefix) throw notAllowed(servers, prefix.allowed);
  if (port !== undefined) requirePortNumber(port, 1);
  const rule = { servers, port: port === undefined ? undefined : Number(port), way: way === DIRECT ? DIRECT : nodeName(parseNode(way)) };
  return { rule, text };
}

/**
 * Rules name nodes of the same command line.
 * @throws {UsageError}
 */
export function wayRules(ways: readonly WayArgument[] = [], nodes: readonly NodeArgument[]): WayRule[] {
  const names = nodes.map(nodeName);
  return ways.map(({ rule, text }) => {
    if (rule.way === DIRECT || names.includes(rule.way)) return rule;
    throw new UsageError(`--way ${text}: no --node is ${rule.way}; allowed: ${[DIRECT, ...names].join(', ')}`);
  });
}

/** A node's name in settings and reports. */
export function nodeName({ host, port = DEFAULT_CONTROL_PORT }: NodeArgument): string {
  return formatSocketAddress({ host, port });
}

function splitHostPort(text: string, minPort: number): SocketAddress {
  const parts = /^(?:\[([^\]]*)\]|([^\s:/]+)):([^:]*)$/.exec(text);
  if (parts === null) {
    const hint = isIPv4(text)
      ? ` The port is missing: ${text}:PORT.`
      : isAddress(text)
        ? ` This is an IPv6 address without brackets: [${text}]:PORT.`
        : '';
    throw new InvalidArgumentError(`Expected HOST:PORT, or [ADDRESS]:PORT for IPv6.${hint}`);
  }
  const [, bracketed, plain, port] = parts;
  if (bracketed !== undefined && !isAddress(bracketed)) throw new InvalidArgumentError(`"${bracketed}" is not an IPv6 address.`);
  requirePortNumber(port, minPort);
  return { host: bracketed ?? plain, port: Number(port) };
}

function requirePortNumber(text: string, least: number): void {
  if (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= 0xffff) return;
  throw new InvalidArgumentError(`"${text}" is not a port; allowed are ${least} to 65535.`);
}

function isAddress(text: string): boolean {
  return addressKind(text.replace(/%.*$/, '')) !== undefined;
}

function notAllowed(got: string, allowed: string): InvalidArgumentError {
  return new InvalidArgumentError(`Got "${got}", allowed is ${allowed}.`);
}
