import type { Microseconds, Milliseconds, PathNumber, SequenceNumber } from '@lightspeed/wire';
import { RttEstimator } from '../base/rtt-estimator.ts';
import { KeepaliveProbes } from './keepalive-probes.ts';

/** First pause before a HANDSHAKE is repeated; it doubles each time. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 4_000;
/** Data goes out and nothing comes back for so long, or for some round trips: something may have happened. */
const SILENCE_MS = 400;
const SILENCE_ROUND_TRIPS = 4;
/** The least time that a keepalive has for its answer: jitter of a busy machine or radio is no sign of anything. */
const MIN_ANSWER_MS = 100;
/** Of the variation of the round trip, on top of it, as RFC 6298 waits. */
const ANSWER_VARIATIONS = 4;
/** Nothing is lost before it was asked for so long, for radio links pause longer than some would think. */
const MIN_LOST_MS = 500;
/** Nor before answers would have come so many times, one after the other. */
const LOST_ANSWERS = 3;
/** So many keepalives go out in that time: chance does not lose them all. */
const ASKED_TIMES = 10;

/** So many challenges in a row are answered: the time slot of one may end under way. */
const MAX_CHALLENGES = 5;

/** What a link is waiting for. */
export type LinkState =
  /** Nothing: there is no session. */
  | 'idle'
  /** The first acknowledgement of its HANDSHAKE. */
  | 'opening'
  /** Nothing: the node answers by it. */
  | 'up'
  /** Any answer: the node has not answered several keepalives. */
  | 'lost';

/** One path to the node as the tunnel sees it: its handshake, its keepalives, its round-trip time. */
export class PathLink {
  readonly number: PathNumber;
  readonly probes = new KeepaliveProbes();
  readonly rtt = new RttEstimator();
  /** The node's data-plane address by this path, a handle, and its port; port 0 while there is none. */
  nodeIp = 0;
  nodePort = 0;
  state: LinkState = 'idle';
  handshakeSequence = 0;
  handshakeTimestampUs = 0;
  probedMs = 0;
  /** Whether a HANDSHAKE is to be repeated until it is acknowledged. */
  handshakes = false;
  /** The challenge that its HANDSHAKE answers; 0 for none. */
  challenge = 0n;
  /** How many challenges it has answered since the node was last content. */
  #challengesAnswered = 0;
  #attempts = 0;
  #sentMs = 0;
  #retryMs = 0;
  #heardMs = 0;
  /** When data was first sent since anything was heard; means something while `#unanswered`. */
  #dataMs = 0;
  #unanswered = false;
  /** When data or a keepalive was first sent since anything was heard; means something while `#asking`. */
  #askedMs = 0;
  #asking = false;

  constructor(number: PathNumber) {
    this.number = number;
  }

  /** There is no session any more. */
  reset(): void {
    this.state = 'idle';
    this.handshakes = false;
    this.challenge = 0n;
    this.#challengesAnswered = 0;
    this.probes.reset();
  }

  /** The node has acknowledged a HANDSHAKE with this challenge, or with 0. @returns whether it is to be answered. */
  takeChallenge(challenge: bigint): boolean {
    this.challenge = challenge;
    if (challenge === 0n) this.#challengesAnswered = 0;
    return challenge !== 0n && this.#challengesAnswered++ < MAX_CHALLENGES;
  }

  get isUp(): boolean {
    return this.state === 'up';
  }

  /** A HANDSHAKE of its own begins. */
  startHandshake(sequence: SequenceNumber, timestampUs: Microseconds): void {
    this.handshakeSequence = sequence;
    this.handshakeTimestampUs = timestampUs;
    this.handshakes = true;
    this.#attempts = 0;
    this.#retryMs = 0;
  }

  noteAttempt(nowMs: Milliseconds): void {
    this.#sentMs = nowMs;
    this.#retryMs = Math.min(FIRST_RETRY_MS * 2 ** this.#attempts, LONGEST_RETRY_MS);
    this.#attempts++;
  }

  /** Milliseconds until the HANDSHAKE is to be sent again. */
  msUntilRetry(nowMs: Milliseconds): Milliseconds {
    return Math.max(0, this.#retryMs - ((nowMs - this.#sentMs) | 0));
  }

  /** Data goes out by it. */
  noteData(nowMs: Milliseconds): void {
    this.#ask(nowMs);
    if (this.#unanswered) return;
    this.#unanswered = true;
    this.#dataMs = nowMs;
  }

  /** A keepalive goes out by it. */
  noteProbe(nowMs: Milliseconds): void {
    this.#ask(nowMs);
    this.probedMs = nowMs;
  }

  /** Something came in by it. */
  noteHeard(nowMs: Milliseconds): void {
    this.#heardMs = nowMs;
    this.#unanswered = false;
    this.#asking = false;
    this.probes.heard();
  }

  /**
   * How long the newest keepalive has for its answer: the next one goes out then if there is none. The first one that is
   * missed had all the time that answers may take; those behind it go out faster.
   */
  answerMs(keepaliveMs: Milliseconds): Milliseconds {
    if (this.rtt.smoothedUs < 0) return keepaliveMs;
    const usualMs = this.#usualAnswerMs;
    const pauseMs = this.probes.misses === 0 ? usualMs : Math.max(usualMs / 2, this.#lostAfterMs(keepaliveMs) / ASKED_TIMES);
    return Math.min(keepaliveMs, pauseMs);
  }

  /** Milliseconds until it counts as lost, if enough keepalives are missed and nothing comes. */
  msUntilLost(nowMs: Milliseconds, keepaliveMs: Milliseconds): Milliseconds {
    return this.#lostAfterMs(keepaliveMs) - (this.#asking ? (nowMs - this.#askedMs) | 0 : 0);
  }

  /** Whether it has fallen silent in the middle of a talk: data has been going out for a while, and answers have ceased. */
  isSilent(nowMs: Milliseconds): boolean {
    if (!this.#unanswered || this.state !== 'up') return false;
    const timeoutMs = Math.max(SILENCE_MS, (SILENCE_ROUND_TRIPS * this.rtt.smoothedUs) / 1_000);
    const unansweredMs = (nowMs - this.#dataMs) | 0;
    return unansweredMs >= timeoutMs && ((nowMs - this.#heardMs) | 0) >= timeoutMs;
  }

  #ask(nowMs: Milliseconds): void {
    if (this.#asking) return;
    this.#asking = true;
    this.#askedMs = nowMs;
  }

  /** All the time that answers may take. */
  get #usualAnswerMs(): Milliseconds {
    const { smoothedUs, jitterUs } = this.rtt;
    return Math.max(MIN_ANSWER_MS, Math.ceil((smoothedUs + ANSWER_VARIATIONS * jitterUs) / 1_000));
  }

  #lostAfterMs(keepaliveMs: Milliseconds): Milliseconds {
    return Math.max(MIN_LOST_MS, keepaliveMs, LOST_ANSWERS * this.#usualAnswerMs);
  }
}
