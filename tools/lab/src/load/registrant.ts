import { capabilitiesExtension, msUntilKeepalive, sessionSecretExtension, ticketExtension } from '@lightspeed/control';
import { CloseCode, QuicError, connectControl } from '@lightspeed/control/quic';
import type { ControlConnection, ControlStream } from '@lightspeed/control/quic';

/** Between two Pings: as often as the real client sends them. */
export const PING_MS = 120_000;
/** At most so long is between two of QUIC's own. */
const KEEPALIVE_MS = 20_000;
/** Clients on the Internet know the node's clock, and so when to send, only so exactly. */
const KNOWN_TO_MS = 10;

/** What a node has given a client: with it, packets can be sent from any socket. */
export interface RegisteredSession {
  readonly sessionId: number;
  readonly token: number;
  readonly secret: Uint8Array;
}

/** With which node, and with what. */
export interface RegistrantPlan {
  readonly host: string;
  readonly port: number;
  /** The node's pin. */
  readonly sha256: Uint8Array;
  readonly ticket?: Uint8Array | undefined;
  /** What it says that it knows: bits of `Capability`. It says nothing when left out. */
  readonly capabilities?: number | undefined;
  /** For the connection; the node then has as much again to answer. */
  readonly timeoutMs: number;
  /** At most so long is between the registration and the first Ping; 0 when left out. Keepalives are shifted with it. */
  readonly firstPingMs?: number;
}

/** A client that registers and then does what a real one does on its control connection: keeps it alive, sends Pings, reads what comes. */
export class Registrant {
  readonly session: RegisteredSession;
  /** Answers to its Pings so far. */
  pongs = 0;
  readonly #connection: ControlConnection;
  readonly #stream: ControlStream;
  /** By how much it misjudges the node's clock. */
  readonly #aheadMs: number;
  #timer: NodeJS.Timeout | undefined;
  #beatsUntilPing: number;

  private constructor(session: RegisteredSession, connection: ControlConnection, stream: ControlStream, firstPingMs: number) {
    this.session = session;
    this.#connection = connection;
    this.#stream = stream;
    // What keeps it from arriving ends the connection, too.
    const ping = () => stream.send({ type: 'ping', timestampUs: BigInt(Date.now()) * 1_000n }, 'standard').catch(() => undefined);
    this.#beatsUntilPing = Math.floor(firstPingMs / KEEPALIVE_MS);
    this.#aheadMs = (firstPingMs % (2 * KNOWN_TO_MS)) - KNOWN_TO_MS;
    this.#beatIn(firstPingMs % KEEPALIVE_MS, () => {
      if (this.#beatsUntilPing-- > 0) return connection.ping();
      this.#beatsUntilPing = PING_MS / KEEPALIVE_MS - 1;
      return ping();
    });
    void connection.whenClosed.then(() => clearInterval(this.#timer));
    void this.#listen();
  }

  /** Resolves when the node has acknowledged the registration; rejects if it refuses, or says nothing in time. */
  static async register({ host, port, sha256, ticket, capabilities, timeoutMs, firstPingMs = 0 }: RegistrantPlan): Promise<Registrant> {
    // Each at a time of its own, see `firstPingMs`; a keepalive of the connection's would begin with it.
    const connection = await connectControl({ host, port, verify: { kind: 'pin', sha256 }, timeoutMs, keepaliveMs: 0 });
    using _late = setTimeout(() => void connection.close(), timeoutMs);
    const stream = connection.openStream();
    const extensions = [
      ...(ticket === undefined ? [] : [ticketExtension.encode(ticket)]),
      ...(capabilities === undefined ? [] : [capabilitiesExtension.encode(capabilities)]),
    ];
    await stream.send({ type: 'register', dialect: 'standard', gameId: 0, clientVersion: 'lab', extensions }, 'standard');
    stream.dialect = 'standard';
    for await (const message of stream.messages()) {
      if (message.type === 'register_ack') {
        const { sessionId, token } = message;
        const secret = sessionSecretExtension.find(message.extensions);
        if (secret === undefined) throw new Error('the node has given no secret');
        return new Registrant({ sessionId, token, secret }, connection, stream, firstPingMs);
      }
      if (message.type === 'disconnect') throw new Error(`refused: ${message.reason}`);
    }
    throw new Error('the node said nothing');
  }

  /** Why its control connection has ended; undefined while it lasts. */
  get lostBy(): string | undefined {
    const closed = this.#connection.closed;
    return closed && `${closed.by}: ${closed.reason}`;
  }

  /** Ends the registration as a client does. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    await this.#stream.send({ type: 'disconnect', reason: 'normal' }, 'standard');
    this.#stream.end();
    await this.#connection.whenClosed;
  }

  /** Closes the control connection and says nothing about it: the session goes on as long as the node gives it grace. */
  async hangUp(): Promise<void> {
    await this.#connection.close(CloseCode.normal, 'done');
  }

  /** Does something at the last moment within a time at which keepalives are to arrive, and then again and again. */
  #beatIn(longestMs: number, beat: () => unknown): void {
    const delayMs = msUntilKeepalive({ nowMs: Date.now(), aheadMs: this.#aheadMs, roundTripMs: 0, longestMs });
    this.#timer = setInterval(() => {
      clearInterval(this.#timer);
      beat();
      this.#beatIn(KEEPALIVE_MS, beat);
    }, delayMs);
  }

  async #listen(): Promise<void> {
    try {
      for await (const message of this.#stream.messages()) if (message.type === 'pong') this.pongs++;
    } catch (thrown) {
      // The connection has ended.
      if (!(thrown instanceof QuicError)) throw thrown;
    }
  }
}
