import { FLAG_FIN, FLAG_HANDSHAKE, FLAG_KEEPALIVE, HEADER_BYTES, TAG_BYTES, VERSION_FEC } from '@lightspeed/wire';
import type { CapturedDatagram } from './capture-file/udp-datagram.ts';
import type { PacketExplanation } from './explain-packet.ts';

/** The data port of a node, unless its operator has chosen another one (docs/protocol.md, Words). */
export const USUAL_DATA_PORT = 4434;
const USUAL_CONTROL_PORT = 4433;

/** Pairs of addresses that are remembered; the oldest gives way. */
const MAX_PAIRS = 1_024;
const ADDRESSES_AT = 8;
const CONTROL_FLAGS: readonly number[] = [FLAG_KEEPALIVE, FLAG_HANDSHAKE, FLAG_FIN];
/** Payloads that HANDSHAKE packets have (docs/protocol.md, Path validation). */
const HANDSHAKE_BYTES: readonly number[] = [0, 8, 16, 28, 36];

/**
 * Decides whether a datagram of a capture is a packet of the tunnel. Half a byte of version says little, since other protocols have such
 * bytes too. So one of three things must show it: the port of a node, bytes that hardly come by chance, or a packet
 * before it. What it remembers is bounded.
 */
export class SessionJudge {
  readonly #ports: ReadonlySet<number>;
  /** By pair of addresses: '' where packets are ours, else token and addresses of a packet that may be. */
  readonly #pairs = new Map<string, string>();

  /** @param ports of nodes, on which all datagrams are packets, beside the usual one. */
  constructor(ports: readonly number[]) {
    this.#ports = new Set([USUAL_DATA_PORT, ...ports]);
  }

  /** @returns undefined if it is one, else why not. */
  whyNotOurs(datagram: CapturedDatagram, packet: Uint8Array, explanation: PacketExplanation): string | undefined {
    const { source, destination, sourcePort, destinationPort } = datagram;
    if (this.#ports.has(sourcePort) || this.#ports.has(destinationPort)) return undefined;
    const pair = source < destination ? `${source} ${destination}` : `${destination} ${source}`;
    const known = this.#pairs.get(pair);
    if (known === '') return undefined;
    if (explanation.refusal !== undefined || packet.length === 0) return whyNot(datagram, packet, explanation);
    const trace = `${packet[1]} ${Buffer.from(packet.subarray(ADDRESSES_AT, HEADER_BYTES)).toString('hex')} ${source}`;
    if (isUnlikelyByChance(packet, explanation) || known === trace) {
      this.#remember(pair, '');
      return undefined;
    }
    this.#remember(pair, trace);
    return `UDP to port ${destinationPort} that may be LightSpeed's data; if a node has that port, name it with --port`;
  }

  #remember(pair: string, trace: string): void {
    const oldest = this.#pairs.keys().next();
    if (!this.#pairs.has(pair) && this.#pairs.size >= MAX_PAIRS && oldest.done !== true) this.#pairs.delete(oldest.value);
    this.#pairs.set(pair, trace);
  }
}

function whyNot({ sourcePort, destinationPort }: CapturedDatagram, packet: Uint8Array, { refusal }: PacketExplanation): string {
  if (packet.length === 0) return `UDP to port ${destinationPort} without a payload`;
  if (destinationPort === USUAL_CONTROL_PORT || sourcePort === USUAL_CONTROL_PORT) {
    return `UDP of port ${USUAL_CONTROL_PORT}; a node's control plane uses it, which is QUIC and encrypted`;
  }
  return `UDP to port ${destinationPort}, version nibble ${packet[0] >> 4} (${refusal?.reason ?? 'valid'})`;
}

/** Control packets without addresses and of the right length, and extensions of dialect `standard` with all their fixed bytes. */
function isUnlikelyByChance(packet: Uint8Array, { header, dialect }: PacketExplanation): boolean {
  const version = packet[0] >> 4;
  const flags = packet[0] & 0x0f;
  const isTagged = version > VERSION_FEC;
  if (flags === 0) return dialect === 'standard' && (version === VERSION_FEC || version === VERSION_FEC + 2);
  const ownBytes = packet.length - HEADER_BYTES - (isTagged ? TAG_BYTES : 0);
  const fits = flags === FLAG_HANDSHAKE ? HANDSHAKE_BYTES.includes(ownBytes) : ownBytes === 0;
  return CONTROL_FLAGS.includes(flags) && fits && header !== undefined && header.source.ip === 0 && header.destination.ip === 0;
}
