import type { ByteLength, Milliseconds, SessionSlot } from '@lightspeed/wire';
import { DropReason } from '@lightspeed/wire';
import type { PacketWriter } from '../packet-writer.ts';
import { AgreedProtection } from '../protection/agreed/agreed-protection.ts';
import type { ProtectionHost } from '../protection/agreed/agreed-supply.ts';
import { agreeOn, packTerms } from '../protection/agreed/protection-terms.ts';
import type { ProtectionTerms } from '../protection/agreed/protection-terms.ts';
import type { LoopEvent } from '../protection/loop/protection-loop.ts';
import type { FlowReports } from './flow-reports.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelaySession } from './relay-session.ts';

/** What a client asks for that wants no blocks. */
const NOTHING = 'nothing';

/** What {@link SessionProtection} takes of a relay. */
export interface SessionProtectionParts extends Pick<RelayParts, 'counters' | 'limits' | 'options' | 'output' | 'random' | 'sessions'> {
  readonly reports: FlowReports;
  readonly writer: PacketWriter;
}

/** Agrees with clients on protection of their sessions (docs/protocol.md, Blocks), and bounds what it may cost. */
export class SessionProtection implements ProtectionHost {
  readonly #parts: SessionProtectionParts;
  /** What a HANDSHAKE has asked for that may be forged: its sender is to show first that it receives at its address. */
  readonly #unproven = new WeakMap<RelaySession, ProtectionTerms | typeof NOTHING>();

  constructor(parts: SessionProtectionParts) {
    this.#parts = parts;
  }

  /**
   * A client without a registration has opened its session, or says that it starts over. What an open session has agreed on changes
   * only when {@link confirm} is called: anybody can say so in the client's name.
   * @param theirs what its HANDSHAKE says that it knows; undefined for nothing.
   * @param opens whether it opens the session.
   */
  asked(session: RelaySession, theirs: ProtectionTerms | undefined, opens: boolean): void {
    const terms = agreeOn(this.#parts.options.protections[0], theirs);
    if (opens) return this.settle(session, terms);
    if (packTerms(terms) === packTerms(session.receiving.agreed?.terms)) this.#unproven.delete(session);
    else this.#unproven.set(session, terms ?? NOTHING);
  }

  /** What its client is told that holds, or will when it has shown that it receives; undefined for nothing. */
  answerFor(session: RelaySession): ProtectionTerms | undefined {
    const asked = this.#unproven.get(session) ?? session.receiving.agreed?.terms;
    return asked === NOTHING ? undefined : asked;
  }

  /** Whether a change waits until its client has shown that it receives. */
  isUnproven(session: RelaySession): boolean {
    return this.#unproven.has(session);
  }

  /** The client has shown that it receives at its address. */
  confirm(session: RelaySession): void {
    if (!this.#unproven.has(session)) return;
    const terms = this.answerFor(session);
    this.#unproven.delete(session);
    this.settle(session, terms);
  }

  /** Protects a session by what its ends have agreed on from now on; undefined for nothing. */
  settle(session: RelaySession, terms: ProtectionTerms | undefined): void {
    const { options, random, reports, writer } = this.#parts;
    const { receiving } = session;
    const settings = options.protections[terms?.profile ?? 0];
    const isMeant = terms !== undefined && settings !== undefined && session.dialect === 'standard';
    if (packTerms(isMeant ? terms : undefined) === packTerms(receiving.agreed?.terms)) return;
    if (isMeant) {
      const supply = { sender: writer.repeats, receiving: receiving.supply, host: this, firstEpoch: random() & 0xff };
      receiving.agree(new AgreedProtection(session, session.slot, receiving.window, terms, settings, supply));
    } else receiving.agree(null);
    const { agreed } = receiving;
    for (let flow = session.firstFlow; flow !== null; flow = flow.nextOfSession) {
      if (agreed === null) writer.forget(flow);
      else writer.protect(flow, agreed);
    }
    session.isChanged = true;
    reports.sessionChanged(session);
  }

  admitRedundancy(slot: SessionSlot, bytes: ByteLength, nowMs: Milliseconds): boolean {
    const { limits, sessions } = this.#parts;
    return sessions.at(slot)?.primary?.isValidated === true && limits.admitRedundancy(slot, bytes, nowMs);
  }

  admitRepeat(slot: SessionSlot, nowMs: Milliseconds): boolean {
    return this.#parts.limits.admitUpstream(slot, 0, nowMs, false) === 0;
  }

  stepChanged(slot: SessionSlot, { step, reason }: LoopEvent): void {
    const { counters, output, sessions } = this.#parts;
    counters.values[RelayCounter.protectionSteps]++;
    const sessionId = sessions.at(slot)?.registration?.sessionId;
    output.protectionChanged?.(sessionId, step.name, reason);
  }

  badReport(): void {
    this.#parts.counters.clientDrops[DropReason.badReport]++;
  }
}
