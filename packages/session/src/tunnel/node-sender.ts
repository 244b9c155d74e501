import { CHALLENGE_BYTES, encodeProof } from '@lightspeed/security';
import { FLAG_HANDSHAKE, FLAG_KEEPALIVE, HEADER_BYTES, writeControlHeader, writeHandshakePath } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Microseconds, SequenceNumber, SessionToken } from '@lightspeed/wire';
import { MULTIPATH_MODES } from '../base/multipath.ts';
import type { PacketSink } from '../protection/packet-wrapper.ts';
import type { SendFlow } from '../protection/send-flow.ts';
import { pathsFor } from '../path-scheduler.ts';
import type { PathLink } from './path-link.ts';
import { PathCounter, TunnelCounter, pathCounter } from './tunnel-counters.ts';
import type { TunnelParts } from './tunnel-parts.ts';

/** What {@link NodeSender} takes of a tunnel. */
export type NodeSenderParts = Pick<
  TunnelParts,
  'bytes' | 'clock' | 'counters' | 'hmacSha256' | 'links' | 'memory' | 'nextNonce' | 'options' | 'output' | 'returns' | 'sending'
>;

/** Sends packets to the node, by the path or paths that the session uses. Here tags are put on them. */
export class NodeSender implements PacketSink {
  readonly #parts: NodeSenderParts;
  readonly #values: Float64Array;

  constructor(parts: NodeSenderParts) {
    this.#parts = parts;
    this.#values = parts.counters.values;
  }

  /** A data or parity packet, from the packet writer. */
  sendPacket(_flow: SendFlow, offset: ArenaOffset, length: ByteLength, isParity: boolean): boolean {
    const { clock, links, options, sending } = this.#parts;
    const { all, primary } = links;
    const added = sending.seal(offset, length);
    const start = offset - added;
    const total = length + added;
    primary.noteData(clock.nowMs);
    if (all.length === 1 || options.multipath === 'standby') {
      this.#sendBy(primary, start, total);
      return true;
    }
    const chosen = pathsFor(options.multipath, isParity, primary.number, links.usable);
    for (let i = 0; i < all.length; i++) {
      if ((chosen & (1 << i)) !== 0) this.#sendBy(all[i], start, total);
    }
    return true;
  }

  #sendBy(link: PathLink, offset: ArenaOffset, length: ByteLength): void {
    const values = this.#values;
    values[TunnelCounter.nodePacketsSent]++;
    values[TunnelCounter.nodeBytesSent] += length;
    values[pathCounter(link.number, PathCounter.packetsSent)]++;
    this.#parts.output.toNode(link.number, offset, length);
  }

  /** Sends a keepalive, whose answer measures the round trip. */
  sendProbe(link: PathLink): void {
    const { clock, counters, sending } = this.#parts;
    const sequence = sending.takeControlSequence();
    link.noteProbe(clock.nowMs);
    link.probes.sent(sequence, clock.nowUs);
    const { values } = counters;
    values[TunnelCounter.keepalivesSent]++;
    values[pathCounter(link.number, PathCounter.keepalivesSent)]++;
    this.sendControl(link, FLAG_KEEPALIVE, sending.token, sequence, clock.nowUs);
  }

  /**
   * Sends a packet without payload and addresses.
   * @returns false if no block of memory was free for it; it is then as good as lost on the way.
   */
  sendControl(link: PathLink, flags: number, token: SessionToken, sequence: SequenceNumber, timestampUs: Microseconds): boolean {
    const { bytes, memory, returns, sending } = this.#parts;
    const block = memory.take();
    if (block < 0) return false;
    writeControlHeader(bytes, block, flags, token, sequence, timestampUs);
    const added = sending.seal(block, HEADER_BYTES);
    this.#sendBy(link, block - added, HEADER_BYTES + added);
    returns.afterSend(block);
    return true;
  }

  /**
   * Sends a HANDSHAKE, with a proof if there is a registration that lets us make one. It answers the link's challenge, and has no
   * tag: the proof says as much.
   * @returns like {@link sendControl}.
   */
  sendHandshake(link: PathLink, sequence: SequenceNumber, timestampUs: Microseconds): boolean {
    const { bytes, hmacSha256, memory, nextNonce, options, returns } = this.#parts;
    const { registration, token, multipath } = options;
    const block = memory.take();
    if (block < 0) return false;
    writeControlHeader(bytes, block, FLAG_HANDSHAKE, token, sequence, timestampUs);
    let length = HEADER_BYTES;
    if (registration === undefined || hmacSha256 === undefined) {
      new DataView(bytes.buffer, bytes.byteOffset + block + HEADER_BYTES, CHALLENGE_BYTES).setBigUint64(0, link.challenge);
      length += CHALLENGE_BYTES;
    } else {
      const { sessionId, secret } = registration;
      writeHandshakePath(bytes, block, link.number, MULTIPATH_MODES.indexOf(multipath));
      length = encodeProof(bytes, block, sessionId, nextNonce(), secret, hmacSha256, link.challenge);
    }
    this.#sendBy(link, block, length);
    returns.afterSend(block);
    return true;
  }
}
