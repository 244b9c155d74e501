import { InvalidArgumentError } from 'commander';
import { canonicalAddress, formatSocketAddress, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import { resolveNode } from '../control/reach-node.ts';
import { ClientError } from '../base/errors.ts';
import { IPV6_ONLY } from '../ingress/game-server-name.ts';
import { DEFAULT_CONTROL_PORT } from '../settings/register-settings.ts';
import { DIRECT } from '../settings/way-settings.ts';
import type { WayRule } from '../settings/way-settings.ts';
import { UsageError } from './usage-error.ts';

const LOOK_UP_MS = 5_000;
const LOOPBACK = 0x7f00_0001;

/** Parses HOST:PORT of a game server on a command line. Its host is not looked up yet. */
export function parseGameServer(text: string): SocketAddress {
  const { host, port } = splitHostPort(text, 1);
  if (host.includes(':')) throw new InvalidArgumentError(`A game server needs an IPv4 address: ${IPV6_ONLY}.`);
  return { host, port };
}

/** A node as a command line names it; without a port the control plane's usual one is meant. */
export interface NodeArgument {
  readonly host: string;
  readonly port?: number;
}

/** Parses HOST, HOST:PORT, [IPV6]:PORT or an IPv6 address alone. */
export function parseNode(text: string): NodeArgument {
  const alone = canonicalAddress(text.replace(/^\[(.*)\]$/, '$1'));
  if (alone !== undefined) return { host: alone };
  return text.includes(':') ? splitHostPort(text, 1) : { host: splitHostPort(`${text}:1`, 1).host };
}

/**
 * The data port of a node to which one does not register has to be named.
 * @throws {UsageError}
 */
export function requirePort({ host, port }: NodeArgument): SocketAddress {
  if (port !== undefined) return { host, port };
  throw new UsageError(`--node ${host}: without a registration the port of its data plane is needed: HOST:PORT`);
}

/** Parses ADDR:PORT of a command line, for a local IPv4 address; port 0 leaves it to the system. */
export function parseListen(text: string): Endpoint {
  const { host, port } = splitHostPort(text, 0);
  const ip = host === 'localhost' ? LOOPBACK : parseIpv4(host);
  if (ip === undefined) throw new InvalidArgumentError(`"${host}" is not an IPv4 address of this machine.`);
  return { ip, port };
}

/** Parses a local address of a command line, of either family. */
export function parseLocalAddress(text: string): string {
  const address = canonicalAddress(text);
  if (address === undefined) throw new InvalidArgumentError('Expected an IP address, such as 192.0.2.7 or 2001:db8::7.');
  return address;
}

/** Parses SERVER[/PREFIX][:PORT]=direct|NODE of a command line. */
export function parseWay(text: string): WayRule {
  const parts = /^([^=:]+)(?::(\d{1,5}))?=(.+)$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('Expected SERVER[/PREFIX][:PORT]=direct or =NODE, such as 203.0.113.0/24=direct.');
  const [, servers, port, way] = parts;
  return { servers, port: port === undefined ? undefined : Number(port), way: way === DIRECT ? DIRECT : nodeName(parseNode(way)) };
}

/** A node's name in settings and reports. */
export function nodeName({ host, port = DEFAULT_CONTROL_PORT }: NodeArgument): string {
  return formatSocketAddress({ host, port });
}

function splitHostPort(text: string, minPort: number): SocketAddress {
  const parts = /^(?:\[([^\]]*)\]|([^\s:/]+)):([^:]*)$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('Expected HOST:PORT, or [ADDRESS]:PORT for IPv6.');
  const [, bracketed, plain, port] = parts;
  const host = bracketed === undefined ? plain : canonicalAddress(bracketed);
  if (host === undefined) throw new InvalidArgumentError(`"${bracketed}" is not an IPv6 address.`);
  if (!/^\d{1,9}$/.test(port) || Number(port) < minPort || Number(port) > 0xffff) {
    throw new InvalidArgumentError(`"${port}" is not a port; allowed are ${minPort} to 65535.`);
  }
  return { host, port: Number(port) };
}

/**
 * Looks a node up that one does not register with. Without a control connection nothing shows which of its addresses
 * works, so IPv4 is taken where there is both.
 * @throws {ClientError} (rejection) `ERR_CLIENT_RESOLVE` if it has no address.
 */
export async function resolveOpenNode({ host, port }: SocketAddress, option: string): Promise<SocketAddress> {
  try {
    const { ipv4, ipv6 } = await resolveNode(host, LOOK_UP_MS);
    return { host: ipv4 ?? ipv6 ?? host, port };
  } catch (thrown) {
    if (!(thrown instanceof ClientError)) throw thrown;
    throw new ClientError(thrown.code, `${option}: cannot find host "${host}": ${thrown.message}`, { cause: thrown });
  }
}
