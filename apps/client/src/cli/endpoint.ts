import { lookup } from 'node:dns/promises';
import { InvalidArgumentError } from 'commander';
import { parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { ClientError } from '../errors.ts';
import { UsageError } from './usage-error.ts';

/** A host, by name or IPv4 address, and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Parses HOST:PORT of a command line. Its host is not looked up yet. */
export function parseHostPort(text: string): HostPort {
  return splitHostPort(text, 1);
}

/** A node as a command line names it; without a port the control plane's usual one is meant. */
export interface NodeArgument {
  readonly host: string;
  readonly port?: number;
}

/** Parses HOST[:PORT] of a command line. */
export function parseNode(text: string): NodeArgument {
  return text.includes(':') ? splitHostPort(text, 1) : { host: splitHostPort(`${text}:1`, 1).host };
}

/**
 * The data port of a node to which one does not register has to be named.
 * @throws {UsageError}
 */
export function requirePort({ host, port }: NodeArgument): HostPort {
  if (port !== undefined) return { host, port };
  throw new UsageError(`--node ${host}: without a registration the port of its data plane is needed: HOST:PORT`);
}

/** Parses ADDR:PORT of a command line, for a local address; port 0 leaves it to the system. */
export function parseListen(text: string): Endpoint {
  const { host, port } = splitHostPort(text, 0);
  const ip = host === 'localhost' ? 0x7f00_0001 : parseIpv4(host);
  if (ip === undefined) throw new InvalidArgumentError(`"${host}" is not an IPv4 address of this machine.`);
  return { ip, port };
}

/** Parses a local IPv4 address of a command line. */
export function parseLocalIp(text: string): number {
  const ip = parseIpv4(text);
  if (ip === undefined) throw new InvalidArgumentError('Expected an IPv4 address, such as 192.0.2.7.');
  return ip;
}

function splitHostPort(text: string, leastPort: number): HostPort {
  if (/^\[|:.*:/.test(text)) throw new InvalidArgumentError('IPv6 addresses are not supported; give an IPv4 address or a name.');
  const parts = /^([^\s:/]+):([^:]*)$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('Expected HOST:PORT.');
  const [, host, port] = parts;
  if (!/^\d{1,9}$/.test(port) || Number(port) < leastPort || Number(port) > 0xffff) {
    throw new InvalidArgumentError(`"${port}" is not a port; allowed are ${leastPort} to 65535.`);
  }
  return { host, port: Number(port) };
}

/**
 * Looks a host up.
 * @throws {ClientError} (rejection) `ERR_CLIENT_RESOLVE` if it has no IPv4 address.
 */
export async function resolveHost({ host, port }: HostPort, option: string): Promise<Endpoint> {
  const literal = parseIpv4(host);
  if (literal !== undefined) return { ip: literal, port };
  try {
    const { address } = await lookup(host, { family: 4 });
    return { ip: parseIpv4(address) ?? 0, port };
  } catch (error) {
    const why = (await hasIpv6(host)) ? 'it has only IPv6 addresses, and LightSpeed carries IPv4' : explain(error);
    throw new ClientError('ERR_CLIENT_RESOLVE', `${option}: cannot find host "${host}": ${why}`, { cause: error });
  }
}

function hasIpv6(host: string): Promise<boolean> {
  return lookup(host, { family: 6 }).then(
    () => true,
    () => false,
  );
}

function explain(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOTFOUND') return 'there is no such name (ENOTFOUND)';
  if (code === 'EAI_AGAIN') return 'the name service does not answer (EAI_AGAIN); is this machine online?';
  return code || String(error);
}
