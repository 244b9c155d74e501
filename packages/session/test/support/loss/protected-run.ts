import { Random } from '@lightspeed/netem';
import { ArrivalJudge } from '../../../src/protection/loop/arrival-judge.ts';
import { ProtectionLoop } from '../../../src/protection/loop/protection-loop.ts';
import type { LoopEvent, LoopOptions } from '../../../src/protection/loop/protection-loop.ts';
import { LossyLine } from './lossy-line.ts';
import type { LineOptions } from './lossy-line.ts';
import { RepeatingSender } from './repeating-sender.ts';
import type { SentPacket } from './repeating-sender.ts';

/** What a game sends in one direction. */
export interface GameFlow {
  readonly hz: number;
  readonly minBytes: number;
  readonly maxBytes: number;
}

/** One game over one line, in one direction, with reports in the other one. */
export interface RunOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly flow: GameFlow;
  readonly line: Omit<LineOptions, 'seed'>;
  /** Loss of reports. Default: as that of packets. */
  readonly reportLoss?: number;
  readonly loop: LoopOptions;
}

/** How the payloads fared. */
export interface RunFigures {
  readonly payloads: number;
  /** Parts of all payloads: never delivered; not delivered by the deadline. */
  readonly lost: number;
  readonly missing: number;
  /** IP bytes without redundancy, the redundancy, and the reports in the other direction. */
  readonly ownBytes: number;
  readonly redundantBytes: number;
  readonly reportBytes: number;
  /** Packets that the line got, those included that carry only redundancy. */
  readonly packets: number;
  readonly events: readonly LoopEvent[];
  /** When each payload went out, and whether it was missing. */
  readonly sentMs: Float64Array;
  readonly isMissing: Uint8Array;
}

/** A report that rides on a packet: a block, and what makes that packet one with blocks. */
const REPORT_BYTES = 18;
const REPORT_HZ = 64;
const REPORT_DELAY_MS = 25;

interface Report {
  readonly arrivalMs: number;
  readonly values: readonly [highest: number, received: number, runs: number, delayMs: number, epoch: number];
}

/** Plays it. */
export function play({ seed, seconds, flow, line, reportLoss, loop: options }: RunOptions): RunFigures {
  const random = new Random(seed);
  const [sizes, ticks, reportRandom] = [random.fork(), random.fork(), random.fork()];
  const way = new LossyLine({ ...line, seed });
  const events: LoopEvent[] = [];
  const loop = new ProtectionLoop(options, { stepChanged: (event) => events.push(event) });
  const judge = new ArrivalJudge(1);
  const intervalMs = 1000 / flow.hz;
  const sender = new RepeatingSender(loop.step, intervalMs);
  const count = Math.floor(seconds * flow.hz);
  const sentMs = new Float64Array(count);
  const deliveredMs = new Float64Array(count).fill(Infinity);
  let [ownBytes, redundantBytes, reportBytes, packets] = [0, 0, 0, 0];
  const underWay: SentPacket[] = [];
  const reports: Report[] = [];
  let [arrived, reported, next] = [0, 0, 0];
  let tickMs = 5;
  let reverseMs = 0;

  const dispatch = (packet: SentPacket, payloadBytes: number, nowMs: number) => {
    packets++;
    ownBytes += packet.wireBytes - packet.redundantBytes;
    redundantBytes += packet.redundantBytes;
    loop.sent(Math.floor(nowMs), packet.sequence, payloadBytes, packet.wireBytes, packet.redundantBytes);
    sender.step = loop.step;
    packet.arrivalMs = way.send(nowMs, packet.wireBytes);
    if (packet.arrivalMs >= 0) underWay.push(packet);
  };
  const receive = ({ own, repeated, sequence, sentMs: leftMs, arrivalMs }: SentPacket) => {
    if (own >= 0) deliveredMs[own] = Math.min(deliveredMs[own], arrivalMs);
    for (const id of repeated) deliveredMs[id] = Math.min(deliveredMs[id], arrivalMs);
    judge.arrived(sequence, Math.floor(leftMs * 1000) | 0, 0, repeated.length > 0, Math.floor(arrivalMs), Math.floor(arrivalMs * 1000) | 0);
  };
  const report = (nowMs: number) => {
    if (!loop.hasReports || !judge.isDue(Math.floor(nowMs))) return;
    reportBytes += REPORT_BYTES;
    const values = [judge.highest, judge.received, judge.runs, judge.delayMs, judge.epoch] as const;
    judge.reported(Math.floor(nowMs));
    const loss = reportLoss ?? line.loss?.(nowMs) ?? 0;
    if (reportRandom.next() >= loss) reports.push({ arrivalMs: nowMs + REPORT_DELAY_MS, values });
  };
  const endMs = seconds * 1000 + 1000;
  for (;;) {
    const aloneMs = sender.nextAloneMs;
    const arrivalMs = arrived < underWay.length ? underWay[arrived].arrivalMs : Infinity;
    const reportMs = reported < reports.length ? reports[reported].arrivalMs : Infinity;
    const gameMs = next < count ? tickMs : Infinity;
    const nowMs = Math.min(aloneMs, arrivalMs, reportMs, gameMs, reverseMs);
    if (nowMs > endMs) break;
    if (nowMs === reportMs) {
      const { values } = reports[reported++];
      loop.report(Math.floor(nowMs), ...values);
      sender.step = loop.step;
    } else if (nowMs === arrivalMs) {
      receive(underWay[arrived++]);
    } else if (nowMs === gameMs) {
      const bytes = flow.minBytes + sizes.nextInt(flow.maxBytes - flow.minBytes + 1);
      sentMs[next] = nowMs;
      dispatch(sender.send(nowMs, next, bytes), bytes, nowMs);
      next++;
      tickMs = 5 + next * intervalMs + ticks.next();
    } else if (nowMs === aloneMs) {
      const packet = sender.sendAlone(nowMs);
      if (packet !== undefined) dispatch(packet, 0, nowMs);
    } else {
      report(nowMs);
      reverseMs += 1000 / REPORT_HZ;
    }
  }
  const isMissing = new Uint8Array(count);
  let lost = 0;
  let missing = 0;
  for (let id = 0; id < count; id++) {
    if (deliveredMs[id] === Infinity) lost++;
    if (deliveredMs[id] - sentMs[id] <= line.delayMs + options.deadlineMs) continue;
    isMissing[id] = 1;
    missing++;
  }
  const parts = { lost: lost / count, missing: missing / count };
  return { payloads: count, ...parts, ownBytes, redundantBytes, reportBytes, packets, events, sentMs, isMissing };
}
