import { CloseCode, formatPin, listenControl } from '@lightspeed/control/quic';
import type { CertificateAndKey, ControlConnection, ControlListener, ListenerCounters } from '@lightspeed/control/quic';
import type { SocketAddress } from '@lightspeed/wire';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { controlError, messageOf } from '../base/node-error.ts';
import type { OwnAddresses } from '../base/own-addresses.ts';
import { ControlSockets } from './control-sockets.ts';

/** 0x100 and the TLS alert no_application_protocol (RFC 9001, section 4.8). */
const NO_APPLICATION_PROTOCOL = 0x178;

const ADVICE =
  'a client named no application protocol (ALPN) that this node speaks, lstp/1, and was refused; clients of the older ' +
  'reference implementation name none: they can use the data port of a node that runs with --open, without registering. ' +
  'Said once; control_connections_total counts them as no_alpn';

/** The port at which clients register. */
export class ControlPort {
  /** Kept, as the listener has none for a moment while its certificate is replaced. */
  readonly address: SocketAddress;
  /** Which of the forms of the QUIC library runs. */
  readonly quic: string;
  readonly #listener: ControlListener;
  readonly #sockets: ControlSockets;

  private constructor(listener: ControlListener, sockets: ControlSockets) {
    this.#listener = listener;
    this.#sockets = sockets;
    this.address = listener.endpoint;
    this.quic = listener.runtime.mode;
  }

  /** @throws {NodeError} */
  static async open(
    bind: SocketAddress,
    own: OwnAddresses,
    config: NodeConfig,
    certificate: CertificateAndKey,
    log: Logger,
    onConnection: (connection: ControlConnection) => void,
  ): Promise<ControlPort> {
    const { maxConnections, maxConnectionsPerAddress } = config;
    const sockets = new ControlSockets(log);
    let advised = false;
    try {
      const listener = await listenControl({
        bind,
        localHosts: own.hosts,
        ...certificate,
        maxConnections,
        maxConnectionsPerAddress,
        temporaryFolders: config.stateDir === undefined ? [] : [config.stateDir],
        onConnection,
        onBound: (local) => sockets.guard(local),
        onError: (error) => log.debug({ why: messageOf(error) }, 'a control connection failed'),
        onFailedHandshake: ({ host }, code) => {
          if (advised || code !== NO_APPLICATION_PROTOCOL) return;
          advised = true;
          log.warn({ client: host }, ADVICE);
        },
      });
      own.follow(followerOf(listener, log));
      return new ControlPort(listener, sockets);
    } catch (cause) {
      throw controlError(cause, bind);
    }
  }

  /** What clients pin: SHA-256 of the public key of the certificate in use. */
  get pin(): string {
    return formatPin(this.#listener.pin);
  }

  get connections(): number {
    return this.#listener.connections;
  }

  get counters(): ListenerCounters {
    return this.#listener.counters;
  }

  /** See {@link ControlSockets}. */
  get socketDrops(): number | undefined {
    return this.#sockets.drops;
  }

  replaceCertificate(certificate: CertificateAndKey): Promise<void> {
    return this.#listener.replaceCertificate(certificate);
  }

  close(reason: string, code: number = CloseCode.serverShutdown): Promise<void> {
    return this.#listener.close(code, reason);
  }
}

/** Has the listener follow the machine's addresses, one look at a time, and says what has changed of them. */
function followerOf(listener: ControlListener, log: Logger): (hosts: readonly string[]) => Promise<void> {
  let known = listener.hosts;
  let isBusy = false;
  return async (hosts) => {
    if (isBusy) return;
    isBusy = true;
    try {
      await listener.setLocalHosts(hosts);
      const before = known;
      known = listener.hosts;
      const added = known.filter((host) => !before.includes(host));
      const removed = before.filter((host) => !known.includes(host));
      if (added.length > 0) log.info({ added }, 'clients can register at further addresses');
      if (removed.length > 0) log.info({ removed }, 'clients cannot register at addresses that are gone');
    } catch (error) {
      log.error({ why: messageOf(error) }, 'the control plane cannot follow the addresses of this machine');
    } finally {
      isBusy = false;
    }
  };
}
