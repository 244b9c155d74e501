import type { Endpoint } from '@lightspeed/wire';
import { invalid, requireEndpoint } from './checks.ts';

/** A local UDP port that stands for a game server. */
export interface IngressSettings {
  /** Where to listen; port 0 lets the system choose. */
  readonly listen: Endpoint;
  /** Where the node shall send what arrives there. */
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

/** @throws {ClientError} `ERR_CLIENT_INVALID_SETTING` */
export function checkIngresses(ingresses: readonly IngressSettings[]): void {
  ingresses.forEach(({ listen, gameServer }, index) => {
    requireEndpoint(`ingresses[${index}].listen`, listen, 0);
    requireEndpoint(`ingresses[${index}].gameServer`, gameServer, 1);
  });
}

/** @throws {ClientError} `ERR_CLIENT_INVALID_SETTING`, also where anybody could use it and nobody said that this is meant. */
export function checkSocks({ listen, user, anybody = false }: SocksSettings): void {
  requireEndpoint('socks.listen', listen, 0);
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
