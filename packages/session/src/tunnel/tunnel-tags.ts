import { CHALLENGE_BYTES, tagKeys } from '@lightspeed/security';
import { DropReason, FLAG_HANDSHAKE, HEADER_BYTES, TAG_BYTES, hasTag, readFlags, readSequence } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength } from '@lightspeed/wire';
import { PacketTags, UNTAGGED, FORGED_TO_TAG } from '../tags/packet-tags.ts';
import type { PathLink } from './path-link.ts';
import type { TunnelParts } from './tunnel-parts.ts';

/** What {@link TunnelTags} takes of a tunnel. */
export type TunnelTagsParts = Pick<
  TunnelParts,
  'bytes' | 'clock' | 'hmacSha256' | 'memory' | 'options' | 'output' | 'receiving' | 'sending'
>;

/** Bytes of an acknowledgement that tells the opening nonce, behind its challenge. */
const ACKNOWLEDGEMENT_BYTES = HEADER_BYTES + CHALLENGE_BYTES + 8;

/** The packet tags of a tunnel's session (docs/protocol.md, Packet tags): from when the node has asked for them. */
export class TunnelTags {
  readonly #parts: TunnelTagsParts;
  #wanted = false;
  /** The opening nonce that the node has told; undefined without a session. */
  #openingNonce: bigint | undefined;
  #wrongTokens = 0;

  constructor(parts: TunnelTagsParts) {
    this.#parts = parts;
  }

  /**
   * The node has asked for tags: all packets of this session and of those to come have them. Asked again, it may have started
   * anew, and its clock with it.
   * @returns whether it has asked for the first time.
   */
  want(): boolean {
    const { receiving, sending } = this.#parts;
    const isNew = !this.#wanted;
    this.#wanted = true;
    sending.tags?.forgetNewest();
    receiving.window.forgetTag();
    if (this.#openingNonce !== undefined && sending.tags === null) this.#begin(this.#openingNonce);
    return isNew;
  }

  /** A session is asked for: its keys are not known yet. */
  reset(): void {
    this.#openingNonce = undefined;
    this.#wrongTokens = 0;
    this.#parts.sending.tags = null;
  }

  /** A packet with a wrong token came. Eight of them are a sign that somebody guesses. @returns why it is dropped. */
  noteWrongToken(): DropReason {
    if (++this.#wrongTokens === FORGED_TO_TAG && this.#parts.options.registration !== undefined) this.#parts.output.attacked();
    return DropReason.badToken;
  }

  /**
   * Takes the tag off a packet that came by a link, as `PacketTags.take` does. If the node has opened the session anew, its
   * acknowledgement tells of other keys.
   */
  take(link: PathLink, offset: ArenaOffset, length: ByteLength): DropReason | 0 | typeof UNTAGGED {
    const { clock, sending } = this.#parts;
    const { tags } = sending;
    const taken = tags === null ? UNTAGGED : tags.take(offset, length, clock.nowMs);
    const isOpen = taken === 0 || (taken !== UNTAGGED && taken !== DropReason.badTag);
    if (isOpen || !this.#wanted || !this.#isAcknowledgement(link, offset, length)) return taken;
    const nonce = this.#nonceIn(offset + TAG_BYTES);
    if (nonce === sending.tags?.openingNonce) return taken;
    const fresh = this.#make(nonce);
    const verdict = fresh?.take(offset, length, clock.nowMs) ?? taken;
    if (fresh !== undefined && verdict === 0) sending.tags = fresh;
    return verdict;
  }

  /**
   * The node has acknowledged a HANDSHAKE. The packet has no tag any more.
   * @returns whether it names another opening than before: the node has forgotten the session, and made a new one.
   */
  noteAcknowledgement(offset: ArenaOffset, length: ByteLength): boolean {
    if (length < ACKNOWLEDGEMENT_BYTES) return false;
    const before = this.#openingNonce;
    const nonce = this.#nonceIn(offset);
    this.#openingNonce = nonce;
    if (this.#wanted && this.#parts.sending.tags?.openingNonce !== nonce) this.#begin(nonce);
    return before !== undefined && before !== nonce;
  }

  #begin(openingNonce: bigint): void {
    this.#parts.sending.tags = this.#make(openingNonce) ?? null;
  }

  #make(openingNonce: bigint): PacketTags | undefined {
    const { hmacSha256, memory, options } = this.#parts;
    const { registration } = options;
    if (registration === undefined || hmacSha256 === undefined) return undefined;
    const { up, down } = tagKeys(registration.secret, registration.sessionId, openingNonce, hmacSha256);
    return new PacketTags(memory, { incoming: down, outgoing: up, openingNonce, isFirst: true, isAnswered: true });
  }

  /** Whether it looks like a tagged acknowledgement of the HANDSHAKE that a link waits for. */
  #isAcknowledgement(link: PathLink, offset: ArenaOffset, length: ByteLength): boolean {
    const { bytes } = this.#parts;
    if (!link.handshakes || length !== ACKNOWLEDGEMENT_BYTES + TAG_BYTES || !hasTag(bytes, offset, length)) return false;
    return readFlags(bytes, offset) === FLAG_HANDSHAKE && readSequence(bytes, offset) === link.handshakeSequence;
  }

  #nonceIn(offset: ArenaOffset): bigint {
    return this.#parts.memory.view.getBigUint64(offset + HEADER_BYTES + CHALLENGE_BYTES);
  }
}
