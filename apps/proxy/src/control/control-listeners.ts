import { CloseCode, formatPin, listenControl } from '@lightspeed/control/quic';
import type { CertificateAndKey, ControlConnection, ControlListener, ListenerCounters } from '@lightspeed/control/quic';
import type { Endpoint } from '@lightspeed/wire';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { controlError, messageOf } from '../node-error.ts';

/** 0x100 and the TLS alert no_application_protocol (RFC 9001, section 4.8). */
const NO_APPLICATION_PROTOCOL = 0x178;

const ADVICE =
  'a client named no application protocol (ALPN) that this node speaks, lstp/1, and was refused; clients of the older ' +
  'reference implementation name none: they need a port of their own, --control-bind-without-alpn. Said once; ' +
  'control_connections_total counts them as no_alpn';

/** The ports at which clients register: one, and perhaps one more for clients that name no application protocol. */
export class ControlListeners {
  /** Kept, as a listener has none for a moment while its certificate is replaced. */
  readonly address: Endpoint;
  readonly addressWithoutAlpn: Endpoint | undefined;
  /** Which of the forms of the QUIC library runs. */
  readonly quic: string;
  readonly #listeners: readonly ControlListener[];

  private constructor(listeners: readonly ControlListener[]) {
    const [first, second] = listeners;
    this.#listeners = listeners;
    this.address = addressOf(first);
    this.addressWithoutAlpn = second && addressOf(second);
    this.quic = first.runtime.mode;
  }

  /** @throws {NodeError} */
  static async start(
    bind: Endpoint,
    config: NodeConfig,
    certificate: CertificateAndKey,
    log: Logger,
    onConnection: (connection: ControlConnection) => void,
  ): Promise<ControlListeners> {
    const { maxConnections, maxConnectionsPerAddress, controlBindWithoutAlpn } = config;
    let advised = false;
    const listen = async (at: Endpoint, withoutAlpn: boolean): Promise<ControlListener> => {
      try {
        return await listenControl({
          bind: { host: formatIpv4(at.ip), port: at.port },
          ...certificate,
          withoutAlpn,
          maxConnections,
          maxConnectionsPerAddress,
          onConnection,
          onError: (error) => log[withoutAlpn ? 'error' : 'debug']({ why: messageOf(error) }, 'a control connection failed'),
          onFailedHandshake: (peer, code) => {
            if (withoutAlpn || advised || code !== NO_APPLICATION_PROTOCOL) return;
            advised = true;
            log.warn({ client: peer?.host }, ADVICE);
          },
        });
      } catch (cause) {
        throw controlError(cause, at, withoutAlpn ? '--control-bind-without-alpn' : '--control-bind');
      }
    };
    const first = await listen(bind, false);
    if (controlBindWithoutAlpn === undefined) return new ControlListeners([first]);
    try {
      return new ControlListeners([first, await listen(controlBindWithoutAlpn, true)]);
    } catch (error) {
      await first.close();
      throw error;
    }
  }

  /** What clients pin: SHA-256 of the public key of the certificate in use. */
  get pin(): string {
    return formatPin(this.#listeners[0].pin);
  }

  get connections(): number {
    return this.#listeners.reduce((sum, { connections }) => sum + connections, 0);
  }

  /** Of all of them. */
  get counters(): ListenerCounters {
    return this.#listeners.map(({ counters }) => counters).reduce(sumOf);
  }

  async replaceCertificate(certificate: CertificateAndKey): Promise<void> {
    for (const listener of this.#listeners) await listener.replaceCertificate(certificate);
  }

  async close(reason: string): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close(CloseCode.serverShutdown, reason)));
  }
}

function addressOf({ endpoint: { host, port } }: ControlListener): Endpoint {
  return { ip: parseIpv4(host) ?? 0, port };
}

function sumOf(one: ListenerCounters, other: ListenerCounters): ListenerCounters {
  return {
    accepted: one.accepted + other.accepted,
    refusedOverMax: one.refusedOverMax + other.refusedOverMax,
    refusedOverMaxPerAddress: one.refusedOverMaxPerAddress + other.refusedOverMaxPerAddress,
    refusedOverAlpn: one.refusedOverAlpn + other.refusedOverAlpn,
    failedHandshakes: one.failedHandshakes + other.failedHandshakes,
    refusals: one.refusals + other.refusals,
    closedRateLimited: one.closedRateLimited + other.closedRateLimited,
    closedProtocol: one.closedProtocol + other.closedProtocol,
    closedNotReading: one.closedNotReading + other.closedNotReading,
  };
}
