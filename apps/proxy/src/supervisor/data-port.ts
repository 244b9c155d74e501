import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { EngineKind } from '@lightspeed/udp';
import { closeFd, describeDataSocketFd, openDataSocketFd } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import { formatEndpoint, formatIpv4 } from '@lightspeed/wire';
import type { DataSocketStart } from '../data-plane/messages.ts';
import { bindError } from '../node-error.ts';

/** Socket buffers of the data plane: games are bursty, and full buffers are what relays lose most packets to. */
export const DATA_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * The node's public port, shared by its workers.
 *
 * With the batch engine the main thread owns the sockets, one per worker, so that a worker's successor adopts its
 * predecessor's: the kernel picks a socket for each client by its place among those of the port, and that must not
 * change for the others when one worker dies. What comes in meanwhile waits in the socket.
 */
export class DataPort {
  readonly ip: number;
  /** The real one, also when port 0 was asked for. */
  readonly port: number;
  readonly #fds: readonly number[];
  readonly #shared: boolean;

  private constructor(ip: number, port: number, fds: readonly number[], shared: boolean) {
    this.ip = ip;
    this.port = port;
    this.#fds = fds;
    this.#shared = shared;
  }

  /** @throws {NodeError} */
  static async open(bind: Endpoint, engine: EngineKind, workers: number): Promise<DataPort> {
    const shared = workers > 1;
    try {
      // A port that is to be shared would be shared with any other node of this user, too: see that it is free first.
      // And a worker that opens the port itself must be told which, so that its successor opens the same.
      const port = shared || (engine === 'portable' && bind.port === 0) ? await freePort(bind) : bind.port;
      if (engine === 'portable') return new DataPort(bind.ip, port, [], shared);
      const fds = openAll({ ip: bind.ip, port }, workers, shared);
      return new DataPort(bind.ip, describeDataSocketFd(fds[0]).port, fds, shared);
    } catch (error) {
      throw bindError(error, 'data plane', formatEndpoint(bind.ip, bind.port), '--data-bind');
    }
  }

  /** What the worker with this index is to open or adopt. */
  startOf(worker: number): DataSocketStart {
    return {
      fd: this.#fds.length === 0 ? undefined : this.#fds[worker],
      ip: this.ip,
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

function openAll(bind: Endpoint, count: number, reusePort: boolean): number[] {
  const fds: number[] = [];
  try {
    for (let index = 0; index < count; index++) {
      fds.push(
        openDataSocketFd({
          address: formatIpv4(bind.ip),
          port: bind.port,
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
export async function freePort({ ip, port }: Endpoint): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind({ address: formatIpv4(ip), port, exclusive: true });
  try {
    await once(socket, 'listening');
    return socket.address().port;
  } finally {
    socket.close();
  }
}
