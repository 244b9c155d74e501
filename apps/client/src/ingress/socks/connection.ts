import type { Socket } from 'node:net';
import { parseIpv4 } from '@lightspeed/wire';
import type { SocksUser } from '../../settings/ingress-settings.ts';
import { SocksHandshake, SocksReply, socksReply } from './handshake.ts';

/** A client that has not asked for an association by then is none. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Finds out about clients that are gone without a word. */
const TCP_KEEPALIVE_MS = 30_000;

/** What an association is asked for with. IPv4 addresses are unsigned numbers. */
interface AssociationRequest {
  /** Where the client has reached us. */
  readonly ip: number;
  readonly clientIp: number;
  /** 0 if it does not say. */
  readonly clientPort: number;
}

/** What happens on a connection. */
export interface SocksConnectionListener {
  /** The client asks for an association: {@link SocksConnection.opened} or {@link SocksConnection.refused} is next. */
  associate(request: AssociationRequest): void;
  /** The client was refused. */
  refused(why: string): void;
  /** It is over, and with it the association. */
  ended(): void;
}

/** One client's TCP connection: its handshake, and then nothing but its end, which is that of the association too. */
export class SocksConnection {
  readonly #socket: Socket;
  readonly #handshake: SocksHandshake;
  readonly #listener: SocksConnectionListener;
  readonly #timeout: NodeJS.Timeout;

  constructor(socket: Socket, user: SocksUser | undefined, listener: SocksConnectionListener) {
    this.#socket = socket;
    this.#handshake = new SocksHandshake(user);
    this.#listener = listener;
    this.#timeout = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT_MS);
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    // What a client does that goes away in the middle of something; `close` follows.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(this.#timeout);
      listener.ended();
    });
  }

  /** The association is there. */
  opened(port: number): void {
    clearTimeout(this.#timeout);
    this.#socket.write(socksReply(SocksReply.succeeded, this.#localIp, port));
  }

  /** There is no room for the association. */
  refused(reason: string): void {
    this.#listener.refused(reason);
    this.#socket.end(socksReply(SocksReply.failure));
  }

  #take(bytes: Uint8Array): void {
    for (const step of this.#handshake.feed(bytes)) {
      if (step.type === 'send') {
        this.#socket.write(step.bytes);
      } else if (step.type === 'refuse') {
        this.#listener.refused(step.why);
        this.#socket.end(step.bytes);
      } else if (step.type === 'associate') {
        const clientIp = parseIpv4(this.#socket.remoteAddress ?? '');
        // A connection that is over already has no address.
        if (clientIp === undefined) this.#socket.destroy();
        else this.#listener.associate({ ip: this.#localIp, clientIp, clientPort: step.port });
      }
    }
  }

  get #localIp(): number {
    return parseIpv4(this.#socket.localAddress ?? '') ?? 0;
  }
}
