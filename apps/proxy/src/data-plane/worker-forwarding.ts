import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import type { AddressBook, AddressHandle, ArenaOffset, ByteLength, Port } from '@lightspeed/wire';

/** 127.0.0.1. */
export const FORWARDING_IP = 0x7f00_0001;

/** Bytes in front of a datagram that is forwarded. */
export const FORWARDING_PREFIX_BYTES = 44;

const LOCAL_AT = 16;
const PORT_AT = 32;
const SCOPE_AT = 36;
const LOCAL_SCOPE_AT = 40;

/**
 * A worker's way to the others. The kernel gives a client's datagrams to one worker by the client's address. After the
 * address has changed, that may not be the worker that owns the session. Then the datagrams go on over loopback.
 *
 * ```
 *   offset  0          16                  32      34      36      40      44
 *           | client's | the node's own    | port  | 0 u16 | scope | scope | the datagram as it came
 *           | address  | address, 16 bytes | u16   |       | u32   | u32   |    the prefix lies in the headroom
 * ```
 *
 * Numbers are big-endian. Addresses are written out, since handles mean something in their own worker only. IPv4 addresses have
 * IPv6 form. The scopes are those of the client's and the node's address, and 0 unless an address is link-local.
 *
 * Who could write to these sockets could speak for any client, so only what comes from another worker's socket counts.
 */
export class WorkerForwarding {
  readonly #engine: DatagramEngine;
  readonly #socket: DatagramSocket | null;
  readonly #addresses: AddressBook;
  /** By worker; 0 where there is none now. */
  #ports: Int32Array;
  readonly #own: number;

  /**
   * @param socket the worker's own on loopback; null if it is the only worker.
   * @param addresses what this worker's handles mean.
   * @param own the worker's number.
   */
  constructor(engine: DatagramEngine, socket: DatagramSocket | null, addresses: AddressBook, own: number, workers: number) {
    this.#engine = engine;
    this.#socket = socket;
    this.#addresses = addresses;
    this.#own = own;
    this.#ports = new Int32Array(workers);
  }

  /** Where the workers' sockets are now, by worker; 0 for one that is down. */
  setPorts(ports: readonly number[]): void {
    this.#ports = Int32Array.from(ports);
  }

  /** Queues a client's datagram for a worker; it is lost if that is down. */
  send(worker: number, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port, local: AddressHandle): void {
    const to = worker < this.#ports.length ? this.#ports[worker] : 0;
    if (this.#socket === null || to === 0) return;
    const { bytes } = this.#engine.arena;
    const start = offset - FORWARDING_PREFIX_BYTES;
    this.#addresses.write(ip, bytes, start);
    this.#addresses.write(local, bytes, start + LOCAL_AT);
    bytes[start + PORT_AT] = port >>> 8;
    bytes[start + PORT_AT + 1] = port;
    bytes[start + PORT_AT + 2] = 0;
    bytes[start + PORT_AT + 3] = 0;
    writeU32(bytes, start + SCOPE_AT, this.#addresses.scope(ip));
    writeU32(bytes, start + LOCAL_SCOPE_AT, this.#addresses.scope(local));
    this.#engine.send(this.#socket, start, length + FORWARDING_PREFIX_BYTES, FORWARDING_IP, to);
  }

  /** Whether a datagram on the forwarding socket is another worker's. */
  accepts(length: ByteLength, ip: AddressHandle, port: Port): boolean {
    if (ip !== FORWARDING_IP || length < FORWARDING_PREFIX_BYTES) return false;
    for (let worker = 0; worker < this.#ports.length; worker++) {
      if (worker !== this.#own && this.#ports[worker] === port) return true;
    }
    return false;
  }

  /** The client's address in front of the datagram at `offset`. */
  clientIp(offset: ArenaOffset): number {
    return this.#read(offset, offset + SCOPE_AT);
  }

  /** The node's own address to which the client sent it; 0 if it is not known. */
  localIp(offset: ArenaOffset): number {
    return this.#read(offset + LOCAL_AT, offset + LOCAL_SCOPE_AT);
  }

  clientPort(offset: ArenaOffset): number {
    const { bytes } = this.#engine.arena;
    return (bytes[offset + PORT_AT] << 8) | bytes[offset + PORT_AT + 1];
  }

  #read(at: number, scopeAt: number): number {
    const { bytes } = this.#engine.arena;
    return this.#addresses.read(bytes, at, readU32(bytes, scopeAt));
  }
}

function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
