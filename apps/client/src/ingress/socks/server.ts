import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { errnoOf, explainBindErrno } from '@lightspeed/udp';
import { formatEndpoint, formatIpv4, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { ClientError } from '../../base/errors.ts';
import type { SocksSettings } from '../../settings/ingress-settings.ts';
import { IPV6_ONLY, findServer } from '../game-server-name.ts';
import { SocksConnection } from './connection.ts';
import type { SocksCommand, SocksMessage } from './messages.ts';
import { MAX_ASSOCIATIONS } from './relay.ts';
import { ToldOnce } from './told-once.ts';

/** Some may be in their handshake while all associations are taken. */
const MAX_CONNECTIONS = MAX_ASSOCIATIONS + 16;

/** What a server needs of the rest. */
export interface SocksServerHost {
  /** Tells the half in the data-plane thread. */
  command(command: SocksCommand): void;
  /** Something that a user may want to know. It comes once for each client address or name and reason, and in the end with a count. */
  told(text: string): void;
}

/** The half of a SOCKS5 server that talks TCP and looks names up, on the main thread (RFC 1928, UDP ASSOCIATE only). */
export class SocksServer {
  readonly #server: Server;
  readonly #settings: SocksSettings;
  readonly #host: SocksServerHost;
  /** By the ids of their associations. */
  readonly #connections = new Map<number, SocksConnection>();
  readonly #sockets = new Set<Socket>();
  readonly #told: ToldOnce;
  #lastId = 0;

  private constructor(server: Server, settings: SocksSettings, host: SocksServerHost) {
    this.#server = server;
    this.#settings = settings;
    this.#host = host;
    this.#told = new ToldOnce((text) => host.told(text));
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** @throws {ClientError} (rejection) `ERR_CLIENT_OPEN` if it cannot listen there. */
  static async listen(settings: SocksSettings, host: SocksServerHost): Promise<SocksServer> {
    const server = createServer();
    const { ip, port } = settings.listen;
    try {
      server.listen(port, formatIpv4(ip));
      await once(server, 'listening');
    } catch (thrown) {
      const why = explainBindErrno(errnoOf(thrown) ?? String(thrown));
      throw new ClientError('ERR_CLIENT_OPEN', `cannot listen on ${formatEndpoint(ip, port)}: ${why}`, { cause: thrown });
    }
    return new SocksServer(server, settings, host);
  }

  /** Where it listens. */
  get address(): Endpoint {
    const { address, port } = this.#server.address() as AddressInfo;
    return { ip: parseIpv4(address) ?? 0, port };
  }

  /** What the other half says. */
  take(message: SocksMessage): void {
    if (message.type === 'socks-resolve') void this.#resolve(message.name);
    else if (message.type === 'socks-ipv6') this.#tellIpv6();
    else if (message.type === 'socks-opened') this.#connections.get(message.id)?.opened(message.port);
    else this.#connections.get(message.id)?.refused(message.reason);
  }

  /** Ends all associations and listens no more. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#told.end();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const id = ++this.#lastId;
    // It is gone once the connection is.
    const address = socket.remoteAddress ?? '?';
    const connection = new SocksConnection(socket, this.#settings.user, {
      associate: (request) => {
        this.#connections.set(id, connection);
        this.#host.command({ type: 'socks-open', id, ...request });
      },
      refused: (why) => this.#told.note(`a SOCKS5 client at ${address} was refused: ${why}`),
      ended: () => {
        if (this.#connections.delete(id)) this.#host.command({ type: 'socks-close', id });
      },
    });
  }

  async #resolve(name: string): Promise<void> {
    const { ips, ipv6Only, why } = await findServer(name);
    if (ips.length === 0) this.#told.note(`nothing can be sent to game server ${name}: ${why}`);
    this.#host.command({ type: 'socks-resolved', name, ips, ipv6Only });
  }

  #tellIpv6(): void {
    this.#told.note(
      `a SOCKS5 client sends to an IPv6 address, which goes no further: ${IPV6_ONLY.replace('it has only IPv6 addresses, and ', '')}`,
    );
  }
}
