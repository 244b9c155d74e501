import type { DatagramEngine, DatagramSocket, SocketOptions } from '@lightspeed/udp';
import type { AddressHandle, ArenaOffset, ByteLength, Port } from '@lightspeed/wire';
import { EgressPorts } from './egress-ports.ts';
import type { WorkerStart } from './messages.ts';

/** Ports tried for one socket: other programs may have some of the range. */
const MAX_TRIES = 16;

/** The sockets of a worker towards game servers. A socket's number is its engine's id for it, and its tag. */
export class EgressSockets {
  readonly #engine: DatagramEngine;
  readonly #options: SocketOptions;
  readonly #ports: EgressPorts | null;
  /** By number. */
  readonly #sockets: (DatagramSocket | null)[] = [];

  constructor(engine: DatagramEngine, egress: WorkerStart['egress']) {
    this.#engine = engine;
    this.#options = {
      ip: egress.ip,
      port: 0,
      receiveBufferBytes: egress.bufferBytes,
      sendBufferBytes: egress.bufferBytes,
    };
    this.#ports = egress.ports === undefined ? null : new EgressPorts(egress.ports);
  }

  /**
   * @param port the local port that it should have if that is free, 0 for any.
   * @returns the new socket's number, or -1 if no port or no descriptor is left.
   */
  open(port: Port): number {
    const socket = (port === 0 ? undefined : this.#openAt(port)) ?? this.#openAnywhere();
    if (socket === undefined) return -1;
    const { id } = socket;
    socket.tag = id;
    while (this.#sockets.length <= id) this.#sockets.push(null);
    this.#sockets[id] = socket;
    return id;
  }

  portOf(number: number): number {
    return this.#sockets[number]?.localPort ?? 0;
  }

  close(number: number): void {
    const socket = this.#sockets[number];
    if (socket === null) return;
    this.#sockets[number] = null;
    const port = socket.localPort;
    socket.close();
    if (this.#ports !== null) this.#ports.giveBack(port);
  }

  /** Queues a payload. A socket that is closed already takes nothing. */
  send(number: number, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): void {
    const socket = this.#sockets[number];
    if (socket !== null) this.#engine.send(socket, offset, length, ip, port);
  }

  #openAnywhere(): DatagramSocket | undefined {
    return this.#ports === null ? this.#engine.openNow(this.#options) : this.#openInRange(this.#ports);
  }

  #openAt(port: Port): DatagramSocket | undefined {
    if (this.#ports !== null && !this.#ports.takeThis(port)) return undefined;
    const socket = this.#engine.openNow({ ...this.#options, port });
    if (socket === undefined) this.#ports?.giveBack(port);
    return socket;
  }

  #openInRange(ports: EgressPorts): DatagramSocket | undefined {
    for (let tries = Math.min(MAX_TRIES, ports.free); tries > 0; tries--) {
      const port = ports.take();
      const socket = this.#engine.openNow({ ...this.#options, port });
      if (socket !== undefined) return socket;
      ports.giveBack(port);
      if (this.#engine.lastOpenError !== 'EADDRINUSE') return undefined;
    }
    return undefined;
  }
}
