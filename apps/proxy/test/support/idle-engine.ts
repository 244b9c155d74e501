import type { PacketArena } from '@lightspeed/memory';
import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import { UdpCounters } from '@lightspeed/udp';
import { AddressBook } from '@lightspeed/wire';

const BATCH = 64;

/** An engine without an operating system: its sockets are numbers, and what is sent with it is gone. */
export class IdleEngine implements DatagramEngine {
  readonly kind = 'portable';
  readonly arena: PacketArena;
  readonly received = {
    offsets: new Int32Array(BATCH),
    lengths: new Int32Array(BATCH),
    ips: new Int32Array(BATCH),
    ports: new Int32Array(BATCH),
    locals: new Int32Array(BATCH),
    localPorts: new Int32Array(BATCH),
  };
  readonly addresses = new AddressBook();
  readonly counters = new UdpCounters();
  readonly maxDatagramBytes = 9_000;
  readonly wakeFd = undefined;
  readonly lastOpenError = '';
  clockUs = 0;
  clockMs = 0;
  readonly sockets: DatagramSocket[] = [];
  /** Where what was last sent starts in the arena. */
  lastSentOffset = 0;

  /** @param arena another engine's, which must not be in use. */
  constructor(arena: PacketArena) {
    this.arena = arena;
  }

  async open(): Promise<DatagramSocket> {
    return this.openNow();
  }

  openNow(): DatagramSocket {
    const socket: DatagramSocket = {
      id: this.sockets.length,
      localIp: 0,
      localPort: 0,
      receiveBufferBytes: 0,
      sendBufferBytes: 0,
      tag: 0,
      close: () => undefined,
      kernelDrops: () => 0,
    };
    this.sockets.push(socket);
    return socket;
  }

  send(_socket: DatagramSocket, offset: number): void {
    this.lastSentOffset = offset;
  }

  flush(): void {
    // Nothing is ever queued.
  }

  async run(): Promise<void> {
    // The test calls the handler itself.
  }

  stop(): void {
    // It never runs.
  }

  tickWithin(): void {
    // The test calls the handler itself.
  }

  wake(): void {
    // It never runs.
  }

  [Symbol.dispose](): void {
    this.close();
  }

  close(): void {
    // There is nothing to give back.
  }

  nowUs(): number {
    return this.clockUs;
  }
}
