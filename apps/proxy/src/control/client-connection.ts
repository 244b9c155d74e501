import type { ControlMessage, DisconnectReason, OutgoingMessage, Register } from '@lightspeed/control';
import { CloseCode, QuicError } from '@lightspeed/control/quic';
import type { ControlConnection, ControlStream } from '@lightspeed/control/quic';
import type { Dialect } from '@lightspeed/wire';
import type { Client, ClientLink, ConnectionEnds, RegisterRefusal } from './client.ts';
import type { ClientProbes } from './client-probes.ts';
import { disconnect } from './messages.ts';
import type { TaggedClients } from './tagged-clients.ts';

/** Who does not register within this time may not stay: it is enough to measure how far away the node is. */
const REGISTER_WITHIN_MS = 60_000;
/** How long a last message has to arrive. */
const LINGER_MS = 500;

const CLOSE_CODES: Readonly<Record<DisconnectReason, number>> = {
  normal: CloseCode.normal,
  timeout: CloseCode.timeout,
  auth_failed: CloseCode.authFailed,
  rate_limited: CloseCode.rateLimited,
  server_shutdown: CloseCode.serverShutdown,
};

/** A Register was accepted. */
export interface Welcome {
  readonly type: 'welcome';
  /** Whose connection it is from now on. */
  readonly client: Client;
  /** What to answer, as soon as the client may use its session. */
  readonly replies: Promise<readonly OutgoingMessage[]>;
}

/** A Register cannot be decided yet: whose sessions are in its way is asked first whether it is still there. */
export interface Undecided {
  readonly type: 'undecided';
  readonly until: Promise<void>;
}

/** Who decides about clients. */
export interface ControlHost {
  /** Hears of clients that are attacked. */
  readonly tagged: Pick<TaggedClients, 'noteReport'>;
  /** Measures round trips for clients. */
  readonly probes: Pick<ClientProbes, 'answer'>;
  /** Decides about a Register that came over a connection. @param isLast whether it must decide now. */
  register(message: Register, ends: ConnectionEnds, link: ClientLink, isLast: boolean): Welcome | RegisterRefusal | Undecided;
  /** The client says goodbye. */
  left(client: Client, link: ClientLink): void;
  /** The connection of a client is gone without a goodbye. @param fellSilent whether that is because nothing came by it any more. */
  lost(client: Client, link: ClientLink, fellSilent: boolean): void;
  /** Something is wrong with this program. */
  fault(error: unknown): void;
}

/** One control connection at the node's end (docs/protocol.md, Control plane): any number of Pings, and one Register. */
export class ClientConnection implements ClientLink {
  /** Those that were asked whether they are there, and what to call when anything comes from them. Few, and so not in each. */
  static readonly #asked = new Map<ClientConnection, () => void>();
  readonly #connection: ControlConnection;
  readonly #host: ControlHost;
  readonly #ends: ConnectionEnds;
  #client: Client | undefined;
  /** The stream of the Register, and what it is answered in. */
  #stream: ControlStream | undefined;
  #dialect: Dialect = 'standard';
  /** What is to be sent after the answer to the Register; undefined once that is sent. */
  #held: OutgoingMessage[] | undefined = [];
  /** Whether the node has ended it: a Register that comes then, or is not decided yet, is void. */
  #isDismissed = false;

  constructor(connection: ControlConnection, host: ControlHost) {
    this.#connection = connection;
    this.#host = host;
    const { peer, local = peer } = connection;
    this.#ends = { peer, local };
  }

  /** Serves the connection until it ends. Never rejects. */
  async serve(): Promise<void> {
    const timeout = setTimeout(() => {
      if (this.#client === undefined) void this.dismiss('timeout', 'no registration came');
    }, REGISTER_WITHIN_MS);
    for await (const stream of this.#connection.streams()) void this.#serveStream(stream);
    clearTimeout(timeout);
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    const { by } = await this.#connection.whenClosed;
    this.#host.lost(client, this, by === 'idle timeout');
  }

  send(message: OutgoingMessage): void {
    if (this.#held !== undefined) {
      this.#held.push(message);
      return;
    }
    this.#stream?.send(message, this.#dialect).catch((error: unknown) => this.#failed(error));
  }

  answers(withinMs: number): Promise<boolean> {
    // One whose Register is being answered was heard just now.
    if (this.#held !== undefined) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (isThere: boolean) => {
        clearTimeout(timeout);
        ClientConnection.#asked.delete(this);
        resolve(isThere);
      };
      const timeout = setTimeout(() => settle(false), withinMs);
      ClientConnection.#asked.set(this, () => settle(true));
      this.send({ type: 'ping', timestampUs: wallClockUs() });
    });
  }

  async dismiss(reason: DisconnectReason, text: string, code?: string): Promise<void> {
    this.#client = undefined;
    this.#isDismissed = true;
    await this.#closeWith(disconnect(reason, text, code), CLOSE_CODES[reason], text);
  }

  async #serveStream(stream: ControlStream): Promise<void> {
    try {
      for await (const message of stream.messages()) {
        if (message.type === 'refused') return;
        await this.#take(stream, message);
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  async #take(stream: ControlStream, message: ControlMessage): Promise<void> {
    ClientConnection.#asked.get(this)?.();
    switch (message.type) {
      case 'ping':
        await stream.send({ type: 'pong', echoedTimestampUs: message.timestampUs, serverTimestampUs: wallClockUs() });
        break;
      case 'register':
        await this.#register(stream, message);
        break;
      case 'disconnect':
        this.#leave();
        break;
      case 'pong':
        // That it has come says all.
        break;
      case 'probe':
        this.#host.probes.answer(this.#client, message, (result) => this.send(result));
        break;
      case 'register_ack':
      case 'server_info':
      case 'report':
      case 'probe_result':
        // A node's words: they mean nothing from a client.
        break;
      case 'tags':
        if (this.#client !== undefined) this.#host.tagged.noteReport(this.#client);
        break;
    }
  }

  async #register(stream: ControlStream, register: Register): Promise<void> {
    if (this.#isDismissed) return;
    this.#dialect = register.dialect;
    if (this.#client !== undefined) {
      const client = this.#client;
      await this.dismiss('rate_limited', 'a control connection has one session');
      this.#host.left(client, this);
      return;
    }
    // The first Register is not decided yet.
    if (this.#stream !== undefined) return this.dismiss('rate_limited', 'a control connection has one session');
    this.#stream = stream;
    const result = await this.#decided(register);
    if (result === undefined) return;
    if (result.type === 'refused') {
      await this.dismiss(result.reason, result.text, result.code);
      return;
    }
    this.#client = result.client;
    const replies = await result.replies;
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of replies) this.send(message);
    for (const message of held) this.send(message);
  }

  /** @returns undefined if the connection has ended meanwhile. */
  async #decided(register: Register): Promise<Welcome | RegisterRefusal | undefined> {
    for (const isLast of [false, true]) {
      const result = this.#host.register(register, this.#ends, this, isLast);
      if (result.type !== 'undecided') return result;
      await result.until;
      if (this.#isDismissed || this.#connection.closed !== undefined) return undefined;
    }
    return undefined;
  }

  #leave(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) this.#host.left(client, this);
    this.#connection.close().catch((error: unknown) => this.#failed(error));
  }

  /** A last message by the stream that the client listens to, and time for it to arrive. */
  async #closeWith(message: OutgoingMessage, code: number, text: string): Promise<void> {
    const farewell = { code, reason: text, stream: this.#stream, dialect: this.#dialect, lingerMs: LINGER_MS };
    await this.#connection.closeAfter(message, farewell).catch((error: unknown) => this.#failed(error));
  }

  /** A peer that is gone or does not read is no fault of ours; the connection says so by ending. */
  #failed(error: unknown): void {
    if (!(error instanceof QuicError)) this.#host.fault(error);
  }
}

/** Microseconds since 1970, as far as this machine knows. */
function wallClockUs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1_000));
}
