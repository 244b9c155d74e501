import { formatEndpoint } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { ownIpv4Addresses } from '../base/own-ipv4.ts';
import { invalid, requireEndpoint } from './checks.ts';
import { ruleFor } from './way-settings.ts';
import type { ParsedWayRule } from './way-settings.ts';

/** A local UDP port that stands for a game server. */
export interface IngressSettings {
  /** Where to listen; port 0 lets the system choose. */
  readonly listen: Endpoint;
  /** The game server's name, if it has one. Its addresses are looked up again every 30 s, and new flows go where it is then. */
  readonly name?: string | undefined;
  /** Where the node shall send what arrives there; by the direct way, no address at which the tunnel listens itself. */
  readonly gameServer: Endpoint;
  /** Listen on a port of the system's choice if `listen.port` is not to be had. Default false: that is an error. */
  readonly anyPortIfTaken?: boolean;
}

/** Who may use a SOCKS5 server. */
export interface SocksUser {
  readonly name: string;
  readonly password: string;
}

/** A SOCKS5 server for UDP (RFC 1928). */
export interface SocksSettings {
  /** Where to listen for TCP; port 0 lets the system choose. */
  readonly listen: Endpoint;
  /** Asked for by every connection (RFC 1929). Without it nobody is asked for anything. */
  readonly user?: SocksUser | undefined;
  /** Lets whoever can reach an address that is not loopback use it without a password. Default false: that is an error. */
  readonly anybody?: boolean | undefined;
}

const LOOPBACK_NETWORK = 127;
const MAX_CREDENTIAL_BYTES = 255;

/**
 * Checks ingresses once. One that may take any port takes one of the system's choice where its own would be its game server.
 * @param ways a direct flow to an ingress of this tunnel would go round and round.
 * @throws {ClientError} `ERR_CLIENT_INVALID_SETTING`
 */
export function parseIngresses(ingresses: readonly IngressSettings[], ways: readonly ParsedWayRule[]): readonly IngressSettings[] {
  ingresses.forEach(({ listen, gameServer }, index) => {
    requireEndpoint(`ingresses[${index}].listen`, listen, 0, true);
    requireEndpoint(`ingresses[${index}].gameServer`, gameServer, 1, false);
  });
  ingresses.forEach(({ listen, anyPortIfTaken = false }, index) => {
    const twice =
      listen.port !== 0 && ingresses.slice(0, index).some((other) => other.listen.port === listen.port && meet(other.listen, listen));
    if (twice && !anyPortIfTaken)
      throw invalid(`ingresses[${index}].listen`, formatEndpoint(listen.ip, listen.port), 'each address and port once');
  });
  const direct = ingresses.map(({ gameServer }) => gameServer).filter((server) => goesDirectly(server, ways));
  const parsed = ingresses.map((ingress) => {
    const loops = direct.some((server) => hears(ingress.listen, server));
    return loops && ingress.anyPortIfTaken === true ? { ...ingress, listen: { ...ingress.listen, port: 0 } } : ingress;
  });
  parsed.forEach(({ gameServer }, index) => {
    const self = goesDirectly(gameServer, ways) ? parsed.find(({ listen }) => hears(listen, gameServer)) : undefined;
    if (self === undefined) return;
    const here = formatEndpoint(self.listen.ip, self.listen.port);
    const server = formatEndpoint(gameServer.ip, gameServer.port);
    const allowed = `with the direct way, a server at which this tunnel does not listen itself (${here}): datagrams would go round for ever`;
    throw invalid(`ingresses[${index}].gameServer`, server, allowed);
  });
  return Object.freeze(parsed);
}

function goesDirectly(server: Endpoint, ways: readonly ParsedWayRule[]): boolean {
  const rule = ruleFor(ways, server);
  return rule !== undefined && rule.node === undefined;
}

/** Whether what is sent there from this machine comes to a socket that listens so. */
function hears(listen: Endpoint, { ip, port }: Endpoint): boolean {
  if (listen.port !== port) return false;
  return listen.ip === ip || (listen.ip === 0 && isOwn(ip));
}

function meet(a: Endpoint, b: Endpoint): boolean {
  return a.ip === b.ip || a.ip === 0 || b.ip === 0;
}

function isOwn(ip: number): boolean {
  return ip >>> 24 === LOOPBACK_NETWORK || ownIpv4Addresses().includes(ip >>> 0);
}

/** @throws {ClientError} `ERR_CLIENT_INVALID_SETTING`, also where anybody could use it and nobody said that this is meant. */
export function checkSocks({ listen, user, anybody = false }: SocksSettings): void {
  requireEndpoint('socks.listen', listen, 0, true);
  if (user !== undefined) {
    requireCredential('socks.user.name', user.name);
    requireCredential('socks.user.password', user.password);
  } else if (listen.ip >>> 24 !== LOOPBACK_NETWORK && !anybody) {
    throw invalid('socks.listen', 'an address that other machines reach', 'only with a user and password, or with anybody: true');
  }
}

function requireCredential(name: string, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes < 1 || bytes > MAX_CREDENTIAL_BYTES) throw invalid(name, `${bytes} bytes long`, `1 to ${MAX_CREDENTIAL_BYTES} bytes`);
}
