import { HEADER_BYTES, VERSION_PLAIN, writeHeader } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Microseconds } from '@lightspeed/wire';
import type { SendFlow } from './send-flow.ts';

/** Where finished packets go. */
export interface PacketSink {
  /**
   * Sends `length` bytes at `offset` of the shared memory towards the flow's peer. The bytes stay as they are until the
   * driver has said that they are sent.
   * @returns false if it was refused (and counted).
   */
  sendPacket(flow: SendFlow, offset: ArenaOffset, length: ByteLength, isParity: boolean): boolean;
}

/** Writes headers in front of payloads, in place, for plain packets and for every form of protection. */
export class PacketWrapper {
  readonly bytes: Uint8Array;
  readonly sink: PacketSink;

  constructor(bytes: Uint8Array, sink: PacketSink) {
    this.bytes = bytes;
    this.sink = sink;
  }

  /** Sends a payload as a version 1 packet. @returns false if it was refused. */
  sendPlain(flow: SendFlow, offset: ArenaOffset, length: ByteLength, nowUs: Microseconds): boolean {
    const start = offset - HEADER_BYTES;
    this.writeHeader(flow, start, VERSION_PLAIN, nowUs);
    return this.sink.sendPacket(flow, start, HEADER_BYTES + length, false);
  }

  /** Writes the flow's next header at `start`. */
  writeHeader(flow: SendFlow, start: number, version: number, nowUs: Microseconds): void {
    const { sending } = flow;
    writeHeader(
      this.bytes,
      start,
      version,
      0,
      sending.token,
      sending.takeSequence(),
      nowUs,
      flow.sourceIp,
      flow.sourcePort,
      flow.destinationIp,
      flow.destinationPort,
    );
  }
}
