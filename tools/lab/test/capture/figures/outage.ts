import type { SentDatagram } from './meter-main.ts';

/** What the end of a process did to a flow: shares of 1, and milliseconds. */
export interface Outage {
  /** Of what was sent within {@link WINDOW_MS} after it. */
  readonly lostShare: number;
  /** The longest time without an answer. */
  readonly silentMs: number;
}

const WINDOW_MS = 1_000;

/** @param sent in order, from before the end to longer than a second after it */
export function outageOf(sent: readonly SentDatagram[], endMs: number): Outage {
  const after = sent.filter(({ sentMs }) => sentMs >= endMs && sentMs < endMs + WINDOW_MS);
  const answers = sent.flatMap(({ answeredMs }) => answeredMs ?? []).sort((a, b) => a - b);
  const silences = answers.slice(1).flatMap((ms, index) => (ms >= endMs ? ms - answers[index] : []));
  const isBackMs = answers.at(-1) ?? -Infinity;
  return {
    lostShare: after.filter(({ answeredMs }) => answeredMs === undefined).length / after.length,
    silentMs: isBackMs < endMs ? Infinity : Math.max(...silences),
  };
}

/** After how many milliseconds the first of the new flows began that passed, like all after it; Infinity if the last did not. */
export function newFlowsPassMs(sent: readonly SentDatagram[], endMs: number): number {
  const first = sent.findLastIndex(({ answeredMs }) => answeredMs === undefined) + 1;
  return first < sent.length ? Math.max(0, sent[first].sentMs - endMs) : Infinity;
}
