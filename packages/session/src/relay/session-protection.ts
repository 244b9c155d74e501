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

/** What {@link SessionProtection} takes of a relay. */
export interface SessionProtectionParts extends Pick<RelayParts, 'counters' | 'limits' | 'options' | 'output' | 'random' | 'sessions'> {
  readonly reports: FlowReports;
  readonly writer: PacketWriter;
}

/** Agrees with clients on protection of their sessions (docs/protocol.md, Blocks), and bounds what it may cost. */
export class SessionProtection implements ProtectionHost {
  readonly #parts: SessionProtectionParts;

  constructor(parts: SessionProtectionParts) {
    this.#parts = parts;
  }

  /** A client without a registration has said in its HANDSHAKE what it knows. @returns what holds from now on; undefined for nothing. */
  answer(session: RelaySession, theirs: ProtectionTerms): ProtectionTerms | undefined {
    const terms = agreeOn(this.#parts.options.protections[0], theirs);
    this.settle(session, terms);
    return terms;
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
