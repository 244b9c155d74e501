import type { RemoteInfo, Socket } from 'node:dgram';
import type { Endpoint } from '@lightspeed/wire';
import { formatIpv4 } from '@lightspeed/wire';
import { vi } from 'vitest';
import { endpointOf, openLoopbackSocket } from '../../src/loopback-socket.ts';

export interface Arrival {
  readonly bytes: Buffer;
  readonly from: RemoteInfo;
}

/** A plain socket on loopback that keeps what it gets, and closes itself at the end of the block that declares it. */
export class TestPeer {
  readonly arrivals: Arrival[] = [];
  readonly address: Endpoint;
  /** Called with each arrival and its position in {@link arrivals}. */
  onArrival: (arrival: Arrival, position: number) => void = () => undefined;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.address = endpointOf(socket);
    socket.on('message', (bytes, from) => {
      const arrival = { bytes, from };
      this.onArrival(arrival, this.arrivals.push(arrival) - 1);
    });
  }

  static async open(): Promise<TestPeer> {
    return new TestPeer(await openLoopbackSocket());
  }

  send(to: Endpoint, bytes: Uint8Array): void {
    this.#socket.send(bytes, to.port, formatIpv4(to.ip));
  }

  answer(arrival: Arrival, bytes: Uint8Array): void {
    this.#socket.send(bytes, arrival.from.port, arrival.from.address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
  }
}

/** Waits for something that must come to be. */
export async function until(holds: () => boolean): Promise<void> {
  await vi.waitUntil(holds, { timeout: 10_000, interval: 5 });
}
