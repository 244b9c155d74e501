import { setTimeout } from 'node:timers/promises';
import { connectQuic } from '@currentspace/http3';
import type { QuicStream } from '@currentspace/http3';
import { CONTROL_ALPN, NODE_SERVER_NAME } from '@lightspeed/control/quic';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';

const OPEN_MS = 8_000;
/** How soon to look again whether a stream may be opened, and how often: the node may allow none any more. */
const LOOK_MS = 2;
const LOOKS = 100;

/** What a hostile process has done, counted as it goes, and how the node answered. */
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

/** A QUIC connection with a node that does not know what it is for. */
export type HostileSession = NonNullable<Awaited<ReturnType<typeof openHostileSession>>>;

/**
 * @param windowBytes how much the node may send.
 * @returns undefined if the handshake came to nothing.
 */
export async function openHostileSession(node: Endpoint, tally: GarbageTally, windowBytes = 65_536) {
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
  let closed = false;
  session.on('error', () => undefined);
  /** Resolves when it has ended. */
  const ended = new Promise<void>((resolve) => {
    session.once('close', ({ errorCode }: { errorCode: number }) => {
      const code = `0x${errorCode.toString(16)}`;
      // An end of our own has no code of the node's.
      if (!closed) tally.closes[code] = (tally.closes[code] ?? 0) + 1;
      closed = true;
      resolve();
    });
  });
  const close = () => {
    closed = true;
    session.close().catch(() => undefined);
  };
  // The node sends it when its own handshake is over.
  const ticket = new Promise<boolean>((resolve) => session.once('sessionTicket', () => resolve(true)));
  const late = new AbortController();
  const failed = () => false;
  const ready = session.ready().then(() => ticket, failed);
  const opened = await Promise.race([ticket, ended.then(failed), ready, setTimeout(OPEN_MS, false, late)]);
  late.abort();
  if (!opened) {
    close();
    return undefined;
  }
  tally.opened++;
  /** Opens a stream as soon as the node allows one more; undefined if it does not, or has ended the connection. */
  const stream = async (): Promise<QuicStream | undefined> => {
    for (let look = 0; look < LOOKS && !closed; look++) {
      try {
        const stream = session.openStream();
        stream.on('error', () => undefined);
        tally.streams++;
        return stream;
      } catch {
        await setTimeout(LOOK_MS);
      }
    }
    return undefined;
  };
  /** Writes, and waits until the library has taken it. */
  const write = (stream: QuicStream, bytes: Uint8Array) => {
    tally.bytes += bytes.length;
    return Promise.race([new Promise<void>((resolve) => stream.write(bytes, () => resolve())), ended]);
  };
  return { ended, isClosed: () => closed, stream, write, close };
}
