import { setTimeout } from 'node:timers/promises';
import { connectQuic } from '@currentspace/http3';
import type { QuicClientSession, QuicStream } from '@currentspace/http3';
import { CONTROL_ALPN, NODE_SERVER_NAME } from '@lightspeed/control/quic';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';

const OPEN_MS = 8_000;
/** How soon to look again whether a stream may be opened, and how often: the node may allow none any more. */
const LOOK_MS = 2;
const LOOKS = 100;

/** What hostile peers have done, counted as they go. */
export class GarbageTally {
  /** Handshakes that were begun, and those of them that the node has completed. */
  attempts = 0;
  opened = 0;
  streams = 0;
  /** Into streams, or as datagrams. */
  bytes = 0;
  datagrams = 0;
  /** Registers that were sent, none of which may be accepted, and those that the node has acknowledged. */
  registers = 0;
  acknowledged = 0;
  /** By the code with which the node has closed connections. */
  readonly closes: Record<string, number> = {};
}

/** What a hostile process has done, and how the node answered. */
export type GarbageReport = Readonly<GarbageTally>;

/** A QUIC connection with a node that does not know what it is for. */
export class HostileSession {
  readonly #session: QuicClientSession;
  readonly #tally: GarbageTally;
  readonly ended: Promise<void>;
  #closed = false;

  private constructor(session: QuicClientSession, tally: GarbageTally) {
    this.#session = session;
    this.#tally = tally;
    session.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      session.once('close', ({ errorCode }: { errorCode: number }) => {
        const code = `0x${errorCode.toString(16)}`;
        // An end of our own has no code of the node's.
        if (!this.#closed) tally.closes[code] = (tally.closes[code] ?? 0) + 1;
        this.#closed = true;
        resolve();
      });
    });
  }

  /**
   * @param windowBytes how much the node may send.
   * @returns undefined if the handshake came to nothing.
   */
  static async open(node: Endpoint, tally: GarbageTally, windowBytes = 65_536): Promise<HostileSession | undefined> {
    tally.attempts++;
    const session = connectQuic(
      { address: formatIpv4(node.ip), port: node.port, servername: NODE_SERVER_NAME },
      {
        alpn: [CONTROL_ALPN],
        rejectUnauthorized: false,
        connectTimeoutMs: OPEN_MS,
        initialMaxData: windowBytes,
        initialMaxStreamDataBidiLocal: windowBytes,
      },
    );
    // The node sends it when its own handshake is over.
    const ticket = new Promise<boolean>((resolve) => session.once('sessionTicket', () => resolve(true)));
    const hostile = new HostileSession(session, tally);
    const late = new AbortController();
    const opened = await Promise.race([
      ticket,
      hostile.ended.then(() => false),
      session.ready().then(
        () => ticket,
        () => false,
      ),
      setTimeout(OPEN_MS, false, late),
    ]);
    late.abort();
    if (opened) tally.opened++;
    else hostile.close();
    return opened ? hostile : undefined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Opens a stream as soon as the node allows one more. @returns undefined if it does not, or has ended the connection */
  async stream(): Promise<QuicStream | undefined> {
    for (let look = 0; look < LOOKS && !this.#closed; look++) {
      try {
        const stream = this.#session.openStream();
        stream.on('error', () => undefined);
        this.#tally.streams++;
        return stream;
      } catch {
        await setTimeout(LOOK_MS);
      }
    }
    return undefined;
  }

  /** Writes, and waits until the library has taken it. */
  async write(stream: QuicStream, bytes: Uint8Array): Promise<void> {
    this.#tally.bytes += bytes.length;
    await Promise.race([new Promise<void>((resolve) => stream.write(bytes, () => resolve())), this.ended]);
  }

  close(): void {
    this.#closed = true;
    this.#session.close().catch(() => undefined);
  }
}
