import { encodeProof } from '@lightspeed/security';
import { FLAG_HANDSHAKE, HEADER_BYTES, writeControlHeader, writeHandshakePath } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Microseconds, SequenceNumber, SessionToken } from '@lightspeed/wire';
import { MULTIPATH_MODES } from '../multipath.ts';
import type { PacketSink } from '../protection/packet-wrapper.ts';
import type { SendFlow } from '../protection/send-flow.ts';
import { pathsFor } from '../path-scheduler.ts';
import type { PathLink } from './path-link.ts';
import { PathCounter, TunnelCounter, pathCounter } from './tunnel-counters.ts';
import type { TunnelParts } from './tunnel-parts.ts';

/** What {@link NodeSender} takes of a tunnel. */
export type NodeSenderParts = Pick<
  TunnelParts,
  'bytes' | 'clock' | 'counters' | 'hmacSha256' | 'links' | 'memory' | 'nextNonce' | 'options' | 'output' | 'returns'
>;

/** Sends packets to the node, by the path or paths that the session uses. */
export class NodeSender implements PacketSink {
  readonly #parts: NodeSenderParts;
  readonly #values: Float64Array;

  constructor(parts: NodeSenderParts) {
    this.#parts = parts;
    this.#values = parts.counters.values;
  }

  /** A data or parity packet, from the packet writer. */
  sendPacket(_flow: SendFlow, offset: ArenaOffset, length: ByteLength, isParity: boolean): boolean {
    const { clock, links, options } = this.#parts;
    const { all, primary } = links;
    primary.noteData(clock.nowMs);
    if (all.length === 1 || options.multipath === 'standby') {
      this.sendTo(primary, offset, length);
      return true;
    }
    const chosen = pathsFor(options.multipath, isParity, primary.number, links.usable);
    for (let i = 0; i < all.length; i++) {
      if ((chosen & (1 << i)) !== 0) this.sendTo(all[i], offset, length);
    }
    return true;
  }

  sendTo(link: PathLink, offset: ArenaOffset, length: ByteLength): void {
    const values = this.#values;
    values[TunnelCounter.nodePacketsSent]++;
    values[TunnelCounter.nodeBytesSent] += length;
    values[pathCounter(link.number, PathCounter.packetsSent)]++;
    this.#parts.output.toNode(link.number, offset, length);
  }

  /**
   * Sends a packet without payload and addresses.
   * @returns false if no block of memory was free for it; it is then as good as lost on the way.
   */
  sendControl(link: PathLink, flags: number, token: SessionToken, sequence: SequenceNumber, timestampUs: Microseconds): boolean {
    const { bytes, memory, returns } = this.#parts;
    const block = memory.take();
    if (block < 0) return false;
    writeControlHeader(bytes, block, flags, token, sequence, timestampUs);
    this.sendTo(link, block, HEADER_BYTES);
    returns.afterSend(block);
    return true;
  }

  /**
   * Sends a HANDSHAKE, with a proof if there is a registration that lets us make one.
   * @returns like {@link sendControl}.
   */
  sendHandshake(link: PathLink, sequence: SequenceNumber, timestampUs: Microseconds): boolean {
    const { bytes, hmacSha256, memory, nextNonce, options, returns } = this.#parts;
    const { registration, token, multipath } = options;
    if (registration === undefined || hmacSha256 === undefined) {
      return this.sendControl(link, FLAG_HANDSHAKE, token, sequence, timestampUs);
    }
    const block = memory.take();
    if (block < 0) return false;
    writeControlHeader(bytes, block, FLAG_HANDSHAKE, token, sequence, timestampUs);
    writeHandshakePath(bytes, block, link.number, MULTIPATH_MODES.indexOf(multipath));
    const length = encodeProof(bytes, block, registration.sessionId, nextNonce(), registration.secret, hmacSha256);
    this.sendTo(link, block, length);
    returns.afterSend(block);
    return true;
  }
}
