import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { EngineKind } from '@lightspeed/udp';
import { closeFd, describeDataSocketFd, openDataSocketFd } from '@lightspeed/udp';
import type { SocketAddress } from '@lightspeed/wire';
import { formatSocketAddress, isUnspecified } from '@lightspeed/wire';
import type { DataSocketStart } from '../data-plane/messages.ts';
import { bindError } from '../base/node-error.ts';

/** Socket buffers of the data plane: games are bursty, and full buffers are what relays lose most packets to. */
export const DATA_BUFFER_BYTES = 4 * 1024 * 1024;

/** Egress sockets are many, and each carries a few players' traffic at the most. */
export const EGRESS_BUFFER_BYTES = 1024 * 1024;

/**
 * The node's public port, shared by its workers.
 *
 * With the batch engine the main thread owns the sockets, one per worker, and a worker's successor adopts its
 * predecessor's. The kernel picks a socket for each client by the socket's place among those of the port. This place
 * must not change for the others when one worker dies. What comes in meanwhile waits in the socket.
 */
export class DataPort {
  readonly host: string;
  /** The real one, also when port 0 was asked for. */
  readonly port: number;
  readonly #fds: readonly number[];
  readonly #shared: boolean;

  private constructor(host: string, port: number, fds: readonly number[], shared: boolean) {
    this.host = host;
    this.port = port;
    this.#fds = fds;
    this.#shared = shared;
  }

  /** @throws {NodeError} */
  static async open(bind: SocketAddress, engine: EngineKind, workers: number): Promise<DataPort> {
    const shared = workers > 1;
    try {
      // A port that is to be shared would be shared with any other node of this user, too: see that it is free first.
      // And a worker that opens the port itself must be told which, so that its successor opens the same.
      const port = shared || (engine === 'portable' && bind.port === 0) ? await freePort(bind) : bind.port;
      if (engine === 'portable') return new DataPort(bind.host, port, [], shared);
      const fds = openAll({ host: bind.host, port }, workers, shared);
      return new DataPort(bind.host, describeDataSocketFd(fds[0]).port, fds, shared);
    } catch (error) {
      throw bindError(error, 'data plane', formatSocketAddress(bind), '--data-bind');
    }
  }

  /** What the worker with this index is to open or adopt. */
  startOf(worker: number): DataSocketStart {
    return {
      fd: this.#fds.length === 0 ? undefined : this.#fds[worker],
      address: this.host,
      port: this.port,
      reusePort: this.#shared,
      bufferBytes: DATA_BUFFER_BYTES,
    };
  }

  /** Closes what the main thread has opened. Only when no worker lives any more. */
  close(): void {
    for (const fd of this.#fds) closeFd(fd);
  }
}

function openAll(bind: SocketAddress, count: number, reusePort: boolean): number[] {
  const fds: number[] = [];
  try {
    for (let index = 0; index < count; index++) {
      fds.push(
        openDataSocketFd({
          address: bind.host,
          port: bind.port,
          dualStack: bind.host === '::',
          localAddresses: isUnspecified(bind.host),
          reusePort,
          receiveBufferBytes: DATA_BUFFER_BYTES,
          sendBufferBytes: DATA_BUFFER_BYTES,
        }),
      );
    }
    return fds;
  } catch (error) {
    for (const fd of fds) closeFd(fd);
    throw error;
  }
}

/** Binds to an address that nobody shares, and lets go of it again. @returns the port, chosen by the system for 0. */
export async function freePort({ host, port }: SocketAddress): Promise<number> {
  await using socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  socket.bind({ address: host, port, exclusive: true });
  await once(socket, 'listening');
  return socket.address().port;
}
