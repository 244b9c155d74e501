import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';

/** 127.0.0.1. */
export const FORWARDING_IP = 0x7f00_0001;

/** Bytes in front of a datagram that is forwarded. */
export const FORWARDING_PREFIX_BYTES = 8;

/**
 * A worker's way to the others. The kernel gives a client's datagrams to one worker by the client's address. After the
 * address has changed, that may not be the worker that owns the session. Then the datagrams go on over loopback.
 *
 * ```
 *   offset  0            4             6       8
 *           | client u32 | its port u16 | 0 u16 | the datagram as it came |      big-endian, the prefix in the headroom
 * ```
 *
 * Who could write to these sockets could speak for any client, so only what comes from another worker's socket counts.
 */
export class WorkerForwarding {
  readonly #engine: DatagramEngine;
  readonly #socket: DatagramSocket | null;
  /** By worker; 0 where there is none now. */
  #ports: Int32Array;
  readonly #own: number;

  /**
   * @param socket the worker's own on loopback; null if it is the only worker.
   * @param own the worker's number.
   */
  constructor(engine: DatagramEngine, socket: DatagramSocket | null, own: number, workers: number) {
    this.#engine = engine;
    this.#socket = socket;
    this.#own = own;
    this.#ports = new Int32Array(workers);
  }

  /** Where the workers' sockets are now, by worker; 0 for one that is down. */
  setPorts(ports: readonly number[]): void {
    this.#ports = Int32Array.from(ports);
  }

  /** Queues a client's datagram for a worker; it is lost if that is down. */
  send(worker: number, offset: number, length: number, ip: number, port: number): void {
    const to = worker < this.#ports.length ? this.#ports[worker] : 0;
    if (this.#socket === null || to === 0) return;
    const { bytes } = this.#engine.arena;
    const start = offset - FORWARDING_PREFIX_BYTES;
    bytes[start] = ip >>> 24;
    bytes[start + 1] = ip >>> 16;
    bytes[start + 2] = ip >>> 8;
    bytes[start + 3] = ip;
    bytes[start + 4] = port >>> 8;
    bytes[start + 5] = port;
    bytes[start + 6] = 0;
    bytes[start + 7] = 0;
    this.#engine.send(this.#socket, start, length + FORWARDING_PREFIX_BYTES, FORWARDING_IP, to);
  }

  /** Whether a datagram on the forwarding socket is another worker's. */
  accepts(length: number, ip: number, port: number): boolean {
    if (ip !== FORWARDING_IP || length < FORWARDING_PREFIX_BYTES) return false;
    for (let worker = 0; worker < this.#ports.length; worker++) {
      if (worker !== this.#own && this.#ports[worker] === port) return true;
    }
    return false;
  }

  /** The client's address, an int32 bit pattern, in front of the datagram at `offset`. */
  clientIp(offset: number): number {
    const { bytes } = this.#engine.arena;
    return (bytes[offset] << 24) | (bytes[offset + 1] << 16) | (bytes[offset + 2] << 8) | bytes[offset + 3];
  }

  clientPort(offset: number): number {
    const { bytes } = this.#engine.arena;
    return (bytes[offset + 4] << 8) | bytes[offset + 5];
  }
}
