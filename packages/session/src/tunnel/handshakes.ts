import { agreeOn, isAboutProtection, termsInHandshake, termsOfHandshake } from '../protection/agreed/protection-terms.ts';
import type { NodeSender } from './node-sender.ts';
import type { PathLink } from './path-link.ts';
import type { TunnelParts } from './tunnel-parts.ts';
import type { TunnelProtection } from './tunnel-protection.ts';

/** What {@link Handshakes} takes of a tunnel. */
export interface HandshakesParts extends Pick<TunnelParts, 'clock' | 'hmacSha256' | 'options' | 'sending' | 'state'> {
  readonly protection: TunnelProtection;
  readonly sender: NodeSender;
}

/** The HANDSHAKEs of a tunnel's links (docs/protocol.md, Sessions): what they say, and what is answered to acknowledgements. */
export class Handshakes {
  readonly #parts: HandshakesParts;

  constructor(parts: HandshakesParts) {
    this.#parts = parts;
  }

  get canProve(): boolean {
    const { options, hmacSha256 } = this.#parts;
    return options.registration !== undefined && hmacSha256 !== undefined;
  }

  /** Begins with a link of which the node may know nothing. */
  begin(link: PathLink): void {
    link.challenge = this.#openingPayload;
    this.start(link);
  }

  /** Without a proof a repeated HANDSHAKE is the same packet again: that tells it from a fresh start. */
  start(link: PathLink): void {
    const { clock, sending, state } = this.#parts;
    // After the first one, sequence 0 would tell the node that the client has started over, which it has not.
    const started = state.name !== 'opening' || link.number > 0;
    if (started && sending.sequence === 0) sending.takeSequence();
    link.startHandshake(sending.takeControlSequence(), clock.nowUs);
    this.send(link);
  }

  /** Sends a link's HANDSHAKE once more. */
  send(link: PathLink): void {
    const { clock, sender } = this.#parts;
    link.noteAttempt(clock.nowMs);
    sender.sendHandshake(link, link.handshakeSequence, link.handshakeTimestampUs);
  }

  /** The node has acknowledged a link's HANDSHAKE. @param payload the 8 bytes behind the header, 0 if there are none. */
  acknowledged(link: PathLink, payload: bigint): void {
    if (this.#takeTerms(link, payload)) return;
    // The answer of before comes once more. It is no challenge, and the one to the HANDSHAKE of now is still to come.
    if (this.#openingPayload !== 0n && isAboutProtection(payload)) link.handshakes = true;
    else this.#answerChallenge(link, payload);
  }

  /** Who has not registered says in its first HANDSHAKE what it knows of protection. */
  get #openingPayload(): bigint {
    const { protection, registration } = this.#parts.options;
    return protection === undefined || registration !== undefined ? 0n : termsInHandshake(protection);
  }

  /** The node has answered what our HANDSHAKE said of protection. @returns whether there was nothing else in it. */
  #takeTerms(link: PathLink, payload: bigint): boolean {
    if (link.challenge === 0n || link.challenge !== this.#openingPayload) return false;
    const { options, protection } = this.#parts;
    const terms = termsOfHandshake(payload);
    // Whatever the node says, it is no more than what we have offered.
    protection.settle(agreeOn(options.protection, terms));
    if (terms === undefined && payload !== 0n) return false;
    // Once more, to be asked whether we receive at this address.
    link.challenge = 0n;
    this.#again(link);
    return true;
  }

  /** The node asks whether we receive at this address: until it knows, it sends little there. */
  #answerChallenge(link: PathLink, challenge: bigint): void {
    if (link.takeChallenge(challenge)) this.#again(link);
  }

  /** The same HANDSHAKE once more, with another payload. */
  #again(link: PathLink): void {
    link.startHandshake(link.handshakeSequence, link.handshakeTimestampUs);
    this.send(link);
  }
}
