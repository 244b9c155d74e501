import { PROBE_KIND_CODES, PROBE_LOST, probeOriginsExtension, probeRefusalName, probedRoutersExtension } from '@lightspeed/control';
import type { OutgoingMessage, ProbeRefusal, ProbeResult } from '@lightspeed/control';
import type { ProbeKind } from '@lightspeed/probe';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';

/** A node measures for 14 s at the most; what has not come by then does not come any more. */
const ANSWER_TIMEOUT_MS = 15_000;
/** Most requests that wait for their results. */
const MAX_WAITING = 64;
const LAST_ID = 0xffff_ffff;

/** A request as it goes to a node. */
type ProbeMessage = Extract<OutgoingMessage, { readonly type: 'probe' }>;

/** What {@link NodeProber} takes of a link with a node, which is a `NodeLink`. */
export interface ProbingLink {
  readonly roundTripMs: number | undefined;
  askProbe(probe: ProbeMessage): boolean;
  on(event: 'probed', take: (result: ProbeResult) => void): unknown;
  off(event: 'probed', take: (result: ProbeResult) => void): unknown;
}

/** What a node is asked for. */
export interface NodeRequest {
  /** The game server, an IPv4 address as text. */
  readonly ip: string;
  readonly port: number;
  readonly kind: ProbeKind;
  readonly count: number;
  readonly spacingMs: number;
  /** How old a result of the server's /24 may be; 0 measures now. */
  readonly maxAgeSecs: number;
  /** For `ttl`: over how many of the last routers probes are spread. */
  readonly routers: number;
}

/** What a node has measured. */
export interface NodeMeasurement {
  /** Milliseconds, undefined for a probe that was lost. */
  readonly roundTripsMs: readonly (number | undefined)[];
  /** Who answered, as text; undefined if nobody did, or if the node does not tell. */
  readonly origin: string | undefined;
  /** Who answered each probe; undefined if the node does not tell them apart: then it is the origin. */
  readonly origins: readonly (string | undefined)[] | undefined;
  readonly ageSecs: number;
}

/** Why a node has measured nothing: what it says, or that it does not say anything. */
export type NodeRefusal = ProbeRefusal | 'not_there' | 'no_answer' | 'unknown';

/** Asks one node to measure round trips to game servers (docs/protocol.md, Probes). */
export class NodeProber implements Disposable {
  readonly #link: ProbingLink;
  readonly #waiting = new Map<number, (result: NodeMeasurement | NodeRefusal) => void>();
  #id = 0;

  constructor(link: ProbingLink) {
    this.#link = link;
    link.on('probed', this.#take);
  }

  /** From here to the node, which what it measures does not include; undefined if it is not known. */
  get roundTripMs(): number | undefined {
    return this.#link.roundTripMs;
  }

  /** @returns what the node has measured, or why it has not; never rejects. */
  ask({ ip, port, kind, count, spacingMs, maxAgeSecs, routers }: NodeRequest): Promise<NodeMeasurement | NodeRefusal> {
    if (this.#waiting.size >= MAX_WAITING) return Promise.resolve('busy');
    this.#id = this.#id === LAST_ID ? 1 : this.#id + 1;
    const requestId = this.#id;
    return new Promise((resolve) => {
      const timeout = setTimeout(() => settle('no_answer'), ANSWER_TIMEOUT_MS);
      const settle = (result: NodeMeasurement | NodeRefusal) => {
        clearTimeout(timeout);
        this.#waiting.delete(requestId);
        resolve(result);
      };
      this.#waiting.set(requestId, settle);
      const bits = (parseIpv4(ip) ?? 0) >>> 0;
      const request = { type: 'probe', requestId, ip: bits, port, kind: PROBE_KIND_CODES[kind], count, spacingMs, maxAgeSecs } as const;
      const extensions = kind === 'ttl' && routers > 1 ? [probedRoutersExtension.encode(routers)] : [];
      if (!this.#link.askProbe({ ...request, extensions })) settle('not_there');
    });
  }

  /** What waits is not answered any more. */
  [Symbol.dispose](): void {
    this.#link.off('probed', this.#take);
    for (const settle of [...this.#waiting.values()]) settle('not_there');
  }

  /** A result that nobody waits for means nothing. */
  readonly #take = ({ requestId, refusal, ageSecs, origin, samplesUs, extensions }: ProbeResult): void => {
    const settle = this.#waiting.get(requestId);
    if (settle === undefined) return;
    if (refusal !== 0) return settle(probeRefusalName(refusal) ?? 'unknown');
    const roundTripsMs = samplesUs.map((us) => (us === PROBE_LOST ? undefined : us / 1_000));
    settle({ roundTripsMs, origin: addressOf(origin), origins: probeOriginsExtension.find(extensions)?.map(addressOf), ageSecs });
  };
}

function addressOf(ip: number): string | undefined {
  return ip === 0 ? undefined : formatIpv4(ip);
}
