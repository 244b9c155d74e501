import { setTimeout } from 'node:timers/promises';
import { formatEndpoint, plainAddress } from '../endpoint.ts';
import type { Endpoint } from '../endpoint.ts';
import { QuicError } from '../quic-error.ts';
import type { Server, ServerOptions } from '../transport.ts';
import type { BridgeEvent } from './bridge-messages.ts';
import { BridgeProcess } from './bridge-process.ts';
import { BridgeTransport } from './bridge-transport.ts';
import { tlsAlertOf } from './failures.ts';

/** Between the end of a process that was not asked to end and the start of the next. */
const AGAIN_MS = 1_000;

/**
 * Listens for peers that name no application protocol. A process that ends unasked takes its connections with it; another
 * one listens on the same port a second later.
 *
 * @throws {QuicError} `QUIC_LISTEN` or `QUIC_UNAVAILABLE`
 */
export async function startServerWithoutAlpn(options: ServerOptions): Promise<Server> {
  const server = new BridgeServer(options);
  await server.start(options.bind);
  return server;
}

class BridgeServer implements Server {
  readonly runtime = { mode: 'deno', driver: 'quinn', fellBack: undefined } as const;
  endpoint: Endpoint;
  readonly #options: ServerOptions;
  readonly #connections = new Map<number, BridgeTransport>();
  #bridge: BridgeProcess | undefined;
  #closed = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.endpoint = options.bind;
  }

  async start(bind: Endpoint): Promise<void> {
    const { certificatePem, privateKeyPem, idleTimeoutMs, maxConnections, maxStreams } = this.#options;
    const listening = Promise.withResolvers<Endpoint>();
    const cannot = (code: 'QUIC_LISTEN' | 'QUIC_UNAVAILABLE', why: string): void => {
      listening.reject(new QuicError(code, `cannot listen for QUIC without ALPN on ${formatEndpoint(bind)}: ${why}`));
    };
    let isListening = false;
    const bridge: BridgeProcess = new BridgeProcess(
      {
        command: 'listen',
        host: bind.host,
        port: bind.port,
        certificatePem,
        privateKeyPem,
        idleTimeoutMs,
        maxConnections,
        maxStreams,
      },
      {
        event: (event) => {
          if (event.event === 'listening') {
            isListening = true;
            listening.resolve({ host: event.host, port: event.port });
          } else if (event.event === 'unable') cannot('QUIC_LISTEN', event.why);
          else this.#take(event);
        },
        exited: (why) => {
          cannot('QUIC_UNAVAILABLE', why);
          if (isListening) this.#lost(why);
        },
      },
    );
    this.#bridge = bridge;
    this.endpoint = await listening.promise;
  }

  async close(code: number, reason: string): Promise<void> {
    this.#closed = true;
    this.#bridge?.tell({ command: 'stop', code, reason });
    await this.#bridge?.end();
  }

  #take(event: BridgeEvent): void {
    if (event.event === 'handshake-failed') {
      this.#options.onFailedHandshake(undefined, tlsAlertOf(event.why) ?? 0);
    } else if (event.event === 'connected') {
      const { connection, port } = event;
      const peer = { host: plainAddress(event.host), port };
      const transport = new BridgeTransport(connection, peer, 'server', (command) => this.#bridge?.tell(command));
      this.#connections.set(connection, transport);
      this.#options.onConnection(transport);
    } else if (event.event === 'closed') {
      const { connection, code, reason } = event;
      this.#connections.get(connection)?.ended({ code, reason });
      this.#connections.delete(connection);
    } else if ('stream' in event) {
      this.#connections.get(event.connection)?.take(event);
    }
  }

  #lost(why: string): void {
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    for (const connection of connections) connection.ended({ code: 0, reason: why });
    if (this.#closed) return;
    this.#options.onError(new QuicError('QUIC_UNAVAILABLE', `${why}; it is started again`));
    void this.#again();
  }

  async #again(): Promise<void> {
    while (!this.#closed) {
      await setTimeout(AGAIN_MS, undefined, { ref: false });
      if (this.#closed) return;
      try {
        await this.start(this.endpoint);
        return;
      } catch (thrown) {
        if (thrown instanceof QuicError) this.#options.onError(thrown);
        else throw thrown;
      }
    }
  }
}
