import { NetemError } from './errors.ts';

/** A two-state Gilbert-Elliott channel: losses that come in bursts. Every field is a probability. */
export interface BurstLoss {
  /** Per packet, that a good channel turns bad. */
  readonly goodToBad: number;
  /** Per packet, that a bad channel turns good: bursts last `1 / badToGood` packets on average. */
  readonly badToGood: number;
  /** That a packet is lost while the channel is bad. Default 1. */
  readonly lossInBad?: number | undefined;
  /** That a packet is lost while the channel is good. Default 0. */
  readonly lossInGood?: number | undefined;
}

/** What one direction of a link does to packets. What is left out does nothing. */
export interface Impairments {
  /** Probability that a packet is lost, each on its own. */
  readonly loss?: number | undefined;
  /** Losses in bursts, besides `loss`. */
  readonly burst?: BurstLoss | undefined;
  /** Time on the way, the same for every packet. */
  readonly delayMs?: number | undefined;
  /** Time added to `delayMs`, uniform in [0, jitterMs), drawn for each packet; reorders unless `keepOrder`. */
  readonly jitterMs?: number | undefined;
  /** Jitter never lets a packet overtake an earlier one: it waits for it. Default false. */
  readonly keepOrder?: boolean | undefined;
  /** Probability that a packet skips delay and jitter and so overtakes those under way; needs a delay or jitter. */
  readonly reorder?: number | undefined;
  /** Probability that a second copy arrives, with a delay of its own. */
  readonly duplicate?: number | undefined;
  /** Bytes per second that the link carries; packets queue for it. Unlimited when left out. */
  readonly rateBps?: number | undefined;
  /** Bytes that the queue in front of a limited link holds, the packet in transmission included. Default 65,536. */
  readonly queueBytes?: number | undefined;
}

/** What a link does to datagrams, and the seed of its chance. */
export interface NetemOptions extends Impairments {
  /** Any safe integer. The same seed, options and calls give the same deliveries. */
  readonly seed: number;
}

/** The same with every default filled in and every value checked. */
export interface ParsedImpairments {
  readonly loss: number;
  readonly goodToBad: number;
  readonly badToGood: number;
  readonly lossInBad: number;
  readonly lossInGood: number;
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly keepOrder: boolean;
  readonly reorder: number;
  readonly duplicate: number;
  readonly rateBps: number;
  readonly queueBytes: number;
}

const KEYS: ReadonlySet<string> = new Set([
  'seed',
  'loss',
  'burst',
  'delayMs',
  'jitterMs',
  'keepOrder',
  'reorder',
  'duplicate',
  'rateBps',
  'queueBytes',
]);
const BURST_KEYS: ReadonlySet<string> = new Set(['goodToBad', 'badToGood', 'lossInBad', 'lossInGood']);

/** @throws {NetemError} `ERR_NETEM_INVALID_OPTION` for an unknown key, a value out of range or options that contradict. */
export function parseImpairments(options: Impairments): ParsedImpairments {
  refuseUnknownKeys(options, KEYS, '');
  const burst = options.burst;
  if (burst !== undefined) refuseUnknownKeys(burst, BURST_KEYS, 'burst.');
  const parsed: ParsedImpairments = {
    loss: probability('loss', options.loss, 0),
    goodToBad: burst === undefined ? 0 : probability('burst.goodToBad', burst.goodToBad),
    badToGood: burst === undefined ? 1 : probability('burst.badToGood', burst.badToGood),
    lossInBad: burst === undefined ? 0 : probability('burst.lossInBad', burst.lossInBad, 1),
    lossInGood: burst === undefined ? 0 : probability('burst.lossInGood', burst.lossInGood, 0),
    delayMs: duration('delayMs', options.delayMs),
    jitterMs: duration('jitterMs', options.jitterMs),
    keepOrder: options.keepOrder ?? false,
    reorder: probability('reorder', options.reorder, 0),
    duplicate: probability('duplicate', options.duplicate, 0),
    rateBps: options.rateBps === undefined ? Infinity : positive('rateBps', options.rateBps),
    queueBytes: options.queueBytes === undefined ? 65_536 : positive('queueBytes', options.queueBytes),
  };
  if (parsed.reorder > 0 && parsed.delayMs + parsed.jitterMs === 0) {
    throw new NetemError('ERR_NETEM_INVALID_OPTION', 'reorder: needs a delayMs or jitterMs that a packet can skip');
  }
  if (options.queueBytes !== undefined && options.rateBps === undefined) {
    throw new NetemError('ERR_NETEM_INVALID_OPTION', 'queueBytes: needs a rateBps, without one nothing queues');
  }
  return parsed;
}

function refuseUnknownKeys(options: object, known: ReadonlySet<string>, prefix: string): void {
  for (const key of Object.keys(options)) {
    if (!known.has(key)) {
      throw new NetemError('ERR_NETEM_INVALID_OPTION', `${prefix}${key}: unknown, allowed are ${[...known].join(', ')}`);
    }
  }
}

function probability(name: string, value: number | undefined, fallback?: number): number {
  const chosen = value ?? fallback;
  if (typeof chosen !== 'number' || !(chosen >= 0 && chosen <= 1)) throw refusal(name, chosen, 'a number from 0 to 1');
  return chosen;
}

function duration(name: string, value: number | undefined): number {
  const chosen = value ?? 0;
  if (!(chosen >= 0 && chosen < Infinity)) throw refusal(name, chosen, 'a finite number of milliseconds from 0');
  return chosen;
}

function positive(name: string, value: number): number {
  if (!(value > 0 && value < Infinity)) throw refusal(name, value, 'a finite number above 0');
  return value;
}

function refusal(name: string, got: unknown, allowed: string): NetemError {
  return new NetemError('ERR_NETEM_INVALID_OPTION', `${name}: got ${String(got)}, allowed is ${allowed}`);
}
