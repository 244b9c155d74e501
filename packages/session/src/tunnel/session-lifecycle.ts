import { DropReason, FLAG_FIN, FLAG_HANDSHAKE, readSequence, readToken } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Milliseconds, SequenceNumber, SessionToken } from '@lightspeed/wire';
import { primaryAmong } from '../path-scheduler.ts';
import { challengeIn } from '../challenge-payload.ts';
import type { NodeSender } from './node-sender.ts';
import { Keepalives, LINK_LOST } from './keepalives.ts';
import { DoubtedFin } from './doubted-fin.ts';
import type { NodeFin } from './doubted-fin.ts';
import { OwnFin } from './own-fin.ts';
import type { PathLink } from './path-link.ts';
import { PathCounter, TunnelCounter, pathCounter } from './tunnel-counters.ts';
import { Handshakes } from './handshakes.ts';
import type { TunnelProtection } from './tunnel-protection.ts';
import type { TunnelFlowTable } from './tunnel-flow.ts';
import type { TunnelParts } from './tunnel-parts.ts';
import type { TunnelTags } from './tunnel-tags.ts';

/** What {@link SessionLifecycle} takes of a tunnel. */
export interface SessionLifecycleParts extends Pick<
  TunnelParts,
  'bytes' | 'clock' | 'counters' | 'hmacSha256' | 'links' | 'options' | 'output' | 'receiving' | 'sending' | 'state'
> {
  readonly flows: TunnelFlowTable;
  readonly protection: TunnelProtection;
  readonly sender: NodeSender;
  readonly tags: TunnelTags;
}

/** "Nothing to do" as a pause. */
const IDLE_MS = 1_000;
/** How soon to look whether a link has fallen silent. */
const SILENCE_CHECK_MS = 100;

/**
 * The tunnel's end of the session (docs/protocol.md, Sessions, Paths).
 *
 * ```
 *            open()              ACK               no link is up
 *   idle ------------> opening -------> established ------------> lost
 *    ^                                    ^   |                    |
 *    |  FIN from the node                 +---|------ any answer --+
 *    +----------------------------------------+
 *                                             | close()
 *                                             v
 *                                          closing --- ACK, or 3 FINs, or leave() ---> closed
 * ```
 *
 * Each link has a handshake of its own; with a proof it also moves the session to the link's address. Dialect `reference`
 * has no acknowledgements: `opening` and `closing` are over at once.
 */
export class SessionLifecycle {
  readonly #parts: SessionLifecycleParts;
  readonly #handshakes: Handshakes;
  readonly #fin: OwnFin;
  readonly #keepalives: Keepalives;
  readonly #doubted: DoubtedFin;

  constructor(parts: SessionLifecycleParts) {
    this.#parts = parts;
    this.#handshakes = new Handshakes(parts);
    this.#fin = new OwnFin(parts);
    this.#keepalives = new Keepalives(parts);
    this.#doubted = new DoubtedFin(parts);
  }

  open(): void {
    const { links, options, protection, receiving, sending, state, tags } = this.#parts;
    if (state.name !== 'idle' && state.name !== 'closed') return;
    receiving.restart();
    protection.settle(options.terms);
    tags.reset();
    sending.token = options.token;
    links.primary = links.all[0];
    if (options.dialect === 'reference') {
      this.#linkUp(links.primary);
      return;
    }
    state.enter('opening');
    for (const link of links.all) {
      link.state = 'opening';
      this.#handshakes.begin(link);
    }
  }

  close(): void {
    const { clock, flows, options, state } = this.#parts;
    if (state.name === 'closing' || state.name === 'closed') return;
    if (state.name === 'idle') {
      this.#finish();
      return;
    }
    state.enter('closing');
    // Nothing may go out behind the FIN: the node would take it for a sign that the client has not left.
    flows.closeIdle(0, clock.nowMs);
    this.#fin.begin();
    if (options.dialect === 'reference') this.#finish();
  }

  /** Like {@link close}, but over at once: nobody asks whether its FIN has come. */
  leave(): void {
    this.close();
    if (this.#parts.state.name === 'closing') this.#finish();
  }

  /** See `Tunnel.measure`. */
  measure(): void {
    for (const link of this.#parts.links.all) this.#keepalives.measure(link);
  }

  /** The node has asked for tags: shows at once that this end has them. */
  startTags(): void {
    const { links, sender, state, tags } = this.#parts;
    if (!tags.want() || !state.carries) return;
    for (const link of links.all) if (link.isUp) sender.sendProbe(link);
  }

  /** A link's local address has changed: shows the node the new one at once. Without a registration nothing can. */
  rebind(link: PathLink): void {
    const { clock, receiving } = this.#parts;
    link.challenge = 0n;
    receiving.agreed?.pathMoved(link.number);
    receiving.agreed?.pathsChanged(clock.nowMs);
    if (this.#handshakes.canProve && (link.state === 'up' || link.state === 'lost')) this.#handshakes.start(link);
  }

  /** Handles a valid packet with flags that came by a link from the node. */
  handleControl(link: PathLink, flags: number, offset: ArenaOffset, length: ByteLength, isTagged: boolean): DropReason | 0 {
    const { bytes } = this.#parts;
    const sequence = readSequence(bytes, offset);
    const token = readToken(bytes, offset);
    if ((flags & FLAG_FIN) !== 0) return this.#handleFin(link, sequence, token, isTagged);
    if ((flags & FLAG_HANDSHAKE) !== 0) return this.#handleAcknowledgement(link, sequence, token, offset, length);
    return this.#handleEcho(link, sequence);
  }

  /** Sends what is due. @returns milliseconds until there is something again. */
  handleTimeout(): Milliseconds {
    const { links, state } = this.#parts;
    if (state.name === 'closing') {
      const leftMs = this.#fin.advance();
      return leftMs < 0 ? this.#finish() : leftMs;
    }
    if (state.name === 'idle' || state.name === 'closed') return IDLE_MS;
    const fin = this.#doubted.due();
    if (fin !== null) return this.#believeFin(fin);
    let next = IDLE_MS;
    for (const link of links.all) next = Math.min(next, this.#tend(link));
    return next;
  }

  /** @returns milliseconds until the link wants something again. */
  #tend(link: PathLink): number {
    const { nowMs } = this.#parts.clock;
    let next = IDLE_MS;
    if (link.state === 'up' || link.state === 'lost') next = this.#probe(link);
    if (this.#handshakes.canProve && !link.handshakes && link.isSilent(nowMs)) this.#handshakes.start(link);
    if (link.handshakes) {
      if (link.msUntilRetry(nowMs) <= 0) this.#handshakes.send(link);
      next = Math.min(next, link.msUntilRetry(nowMs));
    }
    return this.#handshakes.canProve ? Math.min(next, SILENCE_CHECK_MS) : next;
  }

  #handleAcknowledgement(
    link: PathLink,
    sequence: SequenceNumber,
    token: SessionToken,
    offset: ArenaOffset,
    length: ByteLength,
  ): DropReason | 0 {
    const { bytes, clock, receiving, sending, state, tags } = this.#parts;
    const waiting = state.name === 'opening' || state.carries;
    if (!waiting || !link.handshakes || sequence !== link.handshakeSequence) return DropReason.unexpectedReply;
    const isAnother = tags.noteAcknowledgement(offset, length) || token !== sending.token;
    // What the node sends in another session starts over.
    if (state.carries && isAnother) receiving.restart();
    sending.token = token;
    link.handshakes = false;
    link.noteHeard(clock.nowMs);
    this.#doubted.end();
    if (!link.isUp) this.#linkUp(link);
    this.#handshakes.acknowledged(link, challengeIn(bytes, offset, length));
    return 0;
  }

  #linkUp(link: PathLink): void {
    const { clock } = this.#parts;
    link.state = 'up';
    link.probes.reset();
    link.noteHeard(clock.nowMs);
    this.#linksChanged(link, 'up');
    this.#parts.sender.sendProbe(link);
  }

  /** Data goes by the first link that is up; while none is, by the one that was up last. */
  #linksChanged(link: PathLink, event: 'up' | 'down'): void {
    const { clock, counters, links, output, receiving, state } = this.#parts;
    output.pathEvent(link.number, event);
    const usable = links.usable;
    const former = links.primary;
    links.primary = links.all[primaryAmong(usable, former.number)];
    if (links.primary !== former) receiving.agreed?.pathsChanged(clock.nowMs);
    if (usable !== 0 && state.name !== 'established') {
      state.enter('established');
      output.event('established');
    } else if (usable === 0 && state.name === 'established') {
      state.enter('lost');
      counters.values[TunnelCounter.timesLost]++;
      output.event('lost');
    }
  }

  #handleEcho(link: PathLink, sequence: SequenceNumber): DropReason | 0 {
    const { clock, counters, output, receiving } = this.#parts;
    const rttUs = link.probes.answered(sequence, clock.nowUs);
    if (rttUs < 0) return DropReason.unexpectedReply;
    link.rtt.sample(rttUs);
    receiving.agreed?.noteRoundTrip(rttUs / 1_000);
    link.noteHeard(clock.nowMs);
    const { values } = counters;
    values[TunnelCounter.keepalivesAnswered]++;
    values[pathCounter(link.number, PathCounter.keepalivesAnswered)]++;
    output.roundTrip(link.number, rttUs);
    if (link.state === 'lost') {
      link.state = 'up';
      link.handshakes = false;
      this.#linksChanged(link, 'up');
    }
    return 0;
  }

  #handleFin(link: PathLink, sequence: SequenceNumber, token: SessionToken, isTagged: boolean): DropReason | 0 {
    const { links, sending, state, tags } = this.#parts;
    if (state.name === 'closing') {
      if (sequence !== this.#fin.sequence) return DropReason.unexpectedReply;
      this.#finish();
      return 0;
    }
    if (!state.carries) return DropReason.unexpectedReply;
    if (token !== sending.token) return tags.noteWrongToken();
    const fin = { link, sequence };
    if (!this.#handshakes.canProve || isTagged) {
      this.#believeFin(fin);
    } else if (this.#doubted.begin(fin)) {
      for (const one of links.all) if (one.isUp && !one.handshakes) this.#handshakes.start(one);
    }
    return 0;
  }

  /** The node has ended the session. */
  #believeFin({ link, sequence }: NodeFin): number {
    const { clock, output, sender, sending, state } = this.#parts;
    sender.sendControl(link, FLAG_FIN, sending.token, sequence, clock.nowUs);
    this.#idle();
    state.enter('idle');
    output.event('ended-by-node');
    return IDLE_MS;
  }

  #idle(): void {
    this.#doubted.end();
    for (const link of this.#parts.links.all) link.reset();
  }

  #finish(): number {
    const { clock, flows, output, receiving, state } = this.#parts;
    this.#idle();
    state.enter('closed');
    flows.closeIdle(0, clock.nowMs);
    receiving.close();
    output.event('closed');
    return IDLE_MS;
  }

  #probe(link: PathLink): number {
    const left = this.#keepalives.tend(link);
    if (left !== LINK_LOST) return left;
    this.#lose(link);
    return 0;
  }

  #lose(link: PathLink): void {
    link.state = 'lost';
    this.#linksChanged(link, 'down');
    if (this.#parts.options.dialect === 'standard') this.#handshakes.begin(link);
  }
}
