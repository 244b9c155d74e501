import {
  BLOCK_HEAD_BYTES,
  REPORT_BYTES,
  REQUEST_BYTES,
  hasBlocks,
  isAlone,
  readReportDelayMs,
  readReportEpoch,
  readReportHighest,
  readReportReceived,
  readReportRuns,
  readRequestBase,
  readRequestMask,
  readSequence,
  sequenceDelta,
  writeReport,
  writeRequest,
} from '@lightspeed/wire';
import type {
  ArenaOffset,
  ByteLength,
  Dialect,
  DropReason,
  FlowIndex,
  Microseconds,
  Milliseconds,
  PathNumber,
  SequenceNumber,
  SessionSlot,
} from '@lightspeed/wire';
import type { DuplicateWindow } from '../../base/duplicate-window.ts';
import { MAX_PATHS } from '../../base/multipath.ts';
import { ArrivalJudge } from '../loop/arrival-judge.ts';
import { ProtectionLoop } from '../loop/protection-loop.ts';
import type { LoopEvent } from '../loop/protection-loop.ts';
import { ProtectionForm } from '../loop/protection-step.ts';
import type { ProtectionStep } from '../loop/protection-step.ts';
import type { FlowProtection, PayloadSink, ReceiveProtection } from '../protection.ts';
import { BlocksReceiver } from '../repeats/blocks-receiver.ts';
import type { BlockListener } from '../repeats/blocks-receiver.ts';
import { RedundancyBudget } from '../repeats/redundancy-budget.ts';
import type { BlockRider, RedundancyGate } from '../repeats/repeated-flow.ts';
import type { RepeatingSession } from '../repeats/repeating-session.ts';
import type { SendFlow, SendState } from '../send-flow.ts';
import { XorGroupsReceiver } from '../xor-groups-receiver.ts';
import type { AgreedSupply } from './agreed-supply.ts';
import type { ProtectionSettings } from './protection-settings.ts';
import type { ProtectionTerms } from './protection-terms.ts';
import { RoundTrips } from './round-trips.ts';
import { SingleBlocks } from './single-blocks.ts';
import { RequestWatch } from './request-watch.ts';

/** A report that is due waits so long for a packet to ride on. */
const REPORT_WAIT_MS = 40;

/**
 * Protection of one session whose ends have agreed on it (docs/protocol.md, Blocks). It repeats what this end sends, as its loop
 * decides, and reports on what comes. An object of its own: most sessions of an open node have none.
 */
export class AgreedProtection implements ReceiveProtection, BlockListener, RedundancyGate, BlockRider {
  readonly agreed = this;
  readonly terms: ProtectionTerms;
  readonly bytes: ByteLength = BLOCK_HEAD_BYTES + REPORT_BYTES;
  readonly #session: SendState;
  readonly #slot: SessionSlot;
  readonly #supply: AgreedSupply;
  readonly #window: DuplicateWindow;
  readonly #loop: ProtectionLoop;
  readonly #repeating: RepeatingSession;
  readonly #blocks: BlocksReceiver;
  readonly #judge = new ArrivalJudge(MAX_PATHS);
  /** Whether payloads are sent again that the peer asks for. */
  readonly #answers: boolean;
  readonly #requests: RequestWatch | null;
  /** Groups of a peer that sends such; there from the first one on. */
  #groups: XorGroupsReceiver | null = null;
  readonly #singles: SingleBlocks;
  readonly #roundTrips = new RoundTrips();
  #dueSinceMs: Milliseconds = 0;
  #isWaiting = false;

  /**
   * @param slot the session's number, by which the host knows it.
   * @param window the duplicate window of what comes.
   */
  constructor(
    session: SendState,
    slot: SessionSlot,
    window: DuplicateWindow,
    terms: ProtectionTerms,
    settings: ProtectionSettings,
    supply: AgreedSupply,
  ) {
    const { sender, receiving } = supply;
    this.terms = terms;
    this.#session = session;
    this.#slot = slot;
    this.#judge.beginAt(supply.firstEpoch);
    this.#supply = supply;
    this.#window = window;
    this.#singles = new SingleBlocks(session, sender, this);
    const { deadlineMs, forms, budgetPercent } = terms;
    this.#answers = settings.mode.kind !== 'off';
    this.#repeating = sender.session(new RedundancyBudget(budgetPercent, settings.budgetKbps, sender.nowMs), this, this);
    const mine = { ...settings, deadlineMs, forms, budgetPercent };
    this.#loop = new ProtectionLoop(mine, { stepChanged: (event) => this.#changeStep(event) });
    this.#repeating.plan = this.#loop.step;
    this.#blocks = new BlocksReceiver(receiving, this);
    this.#requests = (forms & ProtectionForm.request) === 0 ? null : new RequestWatch();
  }

  /** What is in force for what this end sends. */
  get step(): ProtectionStep {
    return this.#loop.step;
  }

  /** Runs of lost packets: how long those of what this end sends are, on average, and how many came of what it receives, modulo 65,536. */
  get lossRuns(): { readonly sentMean: number; readonly received: number } {
    return { sentMean: this.#loop.loss === 0 ? 0 : this.#loop.meanRun, received: this.#judge.runs };
  }

  get recovered(): number {
    return this.#blocks.repaired + (this.#groups?.recovered ?? 0);
  }

  /** Protects a flow of the session. */
  protect(flow: SendFlow): FlowProtection {
    return this.#supply.sender.protect(this.#repeating, flow);
  }

  /** A round trip was measured. */
  noteRoundTrip(rttMs: Milliseconds): void {
    const roundTrips = this.#roundTrips;
    roundTrips.note(rttMs);
    this.#loop.roundTrip(roundTrips.rttMs, roundTrips.deviationMs);
  }

  /** Packets to the peer go another way now. */
  pathsChanged(nowMs: Milliseconds): void {
    this.#roundTrips.forget();
    this.#loop.pathsChanged(nowMs);
  }

  /** Another path has this number now: its delays do not compare with those of the one before. */
  pathMoved(path: PathNumber): void {
    this.#judge.forgetPath(path);
  }

  // What the receiving end calls.

  /**
   * A packet of the data plane has come, valid, by one of the paths; also one whose payload is here by now.
   * @param isRepeating whether it brings payloads of others, too.
   */
  arrived(
    sequence: SequenceNumber,
    timestampUs: Microseconds,
    path: PathNumber,
    isRepeating: boolean,
    nowMs: Milliseconds,
    nowUs: Microseconds,
  ): void {
    this.#judge.arrived(sequence, timestampUs, path, isRepeating, nowMs, nowUs);
    if (!this.isDue(nowMs)) return;
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#dueSinceMs = nowMs;
    } else if (((nowMs - this.#dueSinceMs) | 0) >= REPORT_WAIT_MS) this.#sendReport(nowMs);
  }

  take(
    sink: PayloadSink,
    dialect: Dialect,
    flowIndex: FlowIndex,
    offset: ArenaOffset,
    length: ByteLength,
    nowMs: Milliseconds,
  ): DropReason | 0 {
    const { receiving } = this.#supply;
    if (hasBlocks(receiving.memory.bytes, offset, length)) {
      const before = this.#blocks.repaired;
      this.#blocks.take(sink, this.#window, flowIndex, offset, nowMs);
      const repaired = this.#blocks.repaired - before;
      this.#supply.sender.repaired += repaired;
      if (repaired > 0 && this.#requests?.isWaiting === true && isAlone(receiving.memory.bytes, offset)) this.#noteAnswer(nowMs);
      else if (this.#blocks.hasRepeats) this.#requests?.repeated(nowMs);
      this.#askForMissing(readSequence(receiving.memory.bytes, offset), nowMs);
      return 0;
    }
    this.#groups ??= new XorGroupsReceiver(receiving);
    return this.#groups.take(sink, dialect, flowIndex, offset, length, nowMs);
  }

  /** A payload was delivered from a plain packet. */
  delivered(sequence: SequenceNumber, flowIndex: FlowIndex, offset: ArenaOffset, length: ByteLength, nowMs: Milliseconds): void {
    this.#blocks.delivered(sequence, flowIndex, offset, length, nowMs);
    if (this.#requests !== null) this.#askForMissing(sequence, nowMs);
  }

  tidy(nowMs: Milliseconds): void {
    this.#groups?.tidy(nowMs);
    this.#blocks.tidy(nowMs);
  }

  close(): void {
    this.#groups?.close();
    this.#groups = null;
    this.#blocks.close();
    this.#repeating.forgetAll();
    this.#requests?.restart();
    this.#judge.restart();
  }

  // What blocks say.

  reported(block: ArenaOffset): void {
    const { sender, receiving, host } = this.#supply;
    const { bytes } = receiving.memory;
    const isTrue = this.#loop.report(
      sender.nowMs,
      readReportHighest(bytes, block),
      readReportReceived(bytes, block),
      readReportRuns(bytes, block),
      readReportDelayMs(bytes, block),
      readReportEpoch(bytes, block),
    );
    if (!isTrue) host.badReport(this.#slot);
  }

  requested(block: ArenaOffset): void {
    const { bytes } = this.#supply.receiving.memory;
    const { nowMs } = this.#supply.sender;
    const base = readRequestBase(bytes, block);
    const mask = readRequestMask(bytes, block);
    // What has shown that numbers are missing is the one behind the last of them. A repeated request says nothing new.
    const next = (base + 33 - Math.clz32(mask)) & 0xffff;
    const roundTripMs = this.#roundTrips.ageMs(next, sequenceDelta(this.#session.sequence, next), nowMs);
    if (roundTripMs >= 0) this.noteRoundTrip(roundTripMs);
    if (this.#answers) this.#repeating.answer(base, mask);
  }

  admitRepeat(nowMs: Milliseconds): boolean {
    return this.#supply.host.admitRepeat(this.#slot, nowMs);
  }

  // What the sending end calls.

  admitRedundancy(bytes: ByteLength, nowMs: Milliseconds): boolean {
    return this.#supply.host.admitRedundancy(this.#slot, bytes, nowMs);
  }

  sent(nowMs: Milliseconds, sequence: SequenceNumber, payloadBytes: ByteLength, wireBytes: ByteLength, redundantBytes: ByteLength): void {
    this.#roundTrips.sent(sequence, nowMs);
    this.#loop.sent(nowMs, sequence, payloadBytes, wireBytes, redundantBytes);
  }

  isDue(nowMs: Milliseconds): boolean {
    return this.#loop.hasReports && this.#judge.isDue(nowMs);
  }

  write(at: ArenaOffset, nowMs: Milliseconds): void {
    const judge = this.#judge;
    const { highest, received, runs, delayMs, epoch } = judge;
    writeReport(this.#supply.receiving.memory.bytes, at, highest, received, runs, delayMs, epoch);
    judge.reported(nowMs);
    this.#isWaiting = false;
  }

  /** Asks for what is missing in front of a packet, if that is worth while. */
  #askForMissing(sequence: SequenceNumber, nowMs: Milliseconds): void {
    const requests = this.#requests;
    if (requests?.arrived(sequence, this.#window, nowMs) !== true || !this.#roundTrips.mayComeWithin(this.terms.deadlineMs)) return;
    // Twice, since a request that is lost too comes to nothing, and there is no time for another one.
    for (let copies = 0; copies < 2; copies++) {
      const block = this.#singles.take();
      if (block < 0) return;
      writeRequest(this.#supply.receiving.memory.bytes, block, requests.base, requests.mask);
      this.#singles.send(block, BLOCK_HEAD_BYTES + REQUEST_BYTES);
      this.#supply.sender.requestsSent++;
    }
  }

  /** Something has come that was missing. */
  #noteAnswer(nowMs: Milliseconds): void {
    const answerMs = this.#requests?.answered(nowMs) ?? -1;
    if (answerMs >= 0) this.noteRoundTrip(answerMs);
  }

  #sendReport(nowMs: Milliseconds): void {
    const block = this.#singles.take();
    if (block < 0) return;
    this.write(block, nowMs);
    this.#singles.send(block, this.bytes);
  }

  #changeStep(event: LoopEvent): void {
    this.#repeating.plan = event.step;
    this.#supply.host.stepChanged(this.#slot, event);
  }
}
