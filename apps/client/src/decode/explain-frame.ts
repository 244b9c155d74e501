import type { Dialect, TagKey } from '@lightspeed/wire';
import { FragmentStore } from './capture-file/fragment-store.ts';
import { datagramIn } from './capture-file/udp-datagram.ts';
import type { CapturedDatagram } from './capture-file/udp-datagram.ts';
import { explainPacket } from './explain-packet.ts';
import type { PacketExplanation } from './explain-packet.ts';
import { segmentsOf } from './segments.ts';
import { SessionJudge } from './session-judge.ts';

/** What a frame of a capture carries. Addresses are text, with ports where they are known. */
export interface FrameExplanation {
  readonly source: string | undefined;
  readonly destination: string | undefined;
  /** Why it is no packet of the tunnel; undefined if it is. */
  readonly why: string | undefined;
  /** Whether that is a fault: it is one of the tunnel, but cannot be read. */
  readonly isFault: boolean;
  /** Its packets: several where the capture shows what segmentation offload would have parted. */
  readonly packets: readonly { readonly bytes: Uint8Array; readonly explanation: PacketExplanation }[];
}

/** How packets are read. */
export interface ExplainerOptions {
  readonly dialect: Dialect;
  readonly tagKey: TagKey | undefined;
  /** Data ports of nodes beside the usual one. */
  readonly ports: readonly number[];
}

/** Explains the frames of a capture one after the other. It remembers parts of datagrams, and which addresses use the tunnel. */
export class FrameExplainer {
  readonly #options: ExplainerOptions;
  readonly #fragments = new FragmentStore();
  readonly #judge: SessionJudge;

  constructor(options: ExplainerOptions) {
    this.#options = options;
    this.#judge = new SessionJudge(options.ports);
  }

  /** Datagrams of which parts are missing. */
  get incompleteCount(): number {
    return this.#fragments.incompleteCount;
  }

  /** Total: any bytes give an explanation. */
  explain(linkType: number, frame: Uint8Array): FrameExplanation {
    const content = datagramIn(linkType, frame, this.#fragments);
    if (content.datagram === undefined) {
      const { why, source, destination } = content;
      return { source, destination, why, isFault: false, packets: [] };
    }
    return this.#explainDatagram(content.datagram);
  }

  #explainDatagram(datagram: CapturedDatagram): FrameExplanation {
    const { source, destination, payload, missingBytes } = datagram;
    const { dialect, tagKey } = this.#options;
    const packets = segmentsOf(payload).map((bytes) => ({ bytes, explanation: explainPacket(bytes, dialect, tagKey) }));
    const why = this.#judge.whyNotOurs(datagram, packets[0].bytes, packets[0].explanation);
    if (why !== undefined) return { source, destination, why, isFault: false, packets: [] };
    if (missingBytes === 0) return { source, destination, why: undefined, isFault: false, packets };
    const kept = `only ${payload.length} of ${payload.length + missingBytes} bytes were captured; capture whole packets, as "tcpdump -s 0" does`;
    return { source, destination, why: kept, isFault: true, packets: [] };
  }
}
