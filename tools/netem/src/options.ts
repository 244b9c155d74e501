import { NetemError, demand } from './errors.ts';

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

/** Times in which nothing passes, whatever is sent. */
export interface OutageLoss {
  /** Part of the time, 0 to below 1. */
  readonly share: number;
  /** How long one lasts on average; lengths are exponential. */
  readonly meanMs: number;
}

/** A token bucket: what exceeds it is dropped, and nothing waits. */
export interface Policer {
  /** Bytes per second. */
  readonly rateBps: number;
  /** Bytes that may come at once. */
  readonly burstBytes: number;
}

/** What one direction of a link does to packets. What is left out does nothing. */
export interface Impairments {
  /** Probability that a packet is lost, each on its own. */
  readonly loss?: number | undefined;
  /** Losses in bursts, besides `loss`. */
  readonly burst?: BurstLoss | undefined;
  /** Losses by time, besides the others. */
  readonly outages?: OutageLoss | undefined;
  /**
   * Whether `loss` strikes by the time of sending, and not by the count of packets before. What is lost is then the same whatever
   * else is sent. Default false.
   */
  readonly byTime?: boolean | undefined;
  /** Drops what exceeds a rate. */
  readonly policer?: Policer | undefined;
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
  /** The same as the longest time that a packet waits, in place of `queueBytes`. */
  readonly queueMs?: number | undefined;
  /** Bytes per second of others, in packets of 1,200 bytes at random times, that share a limited link and its queue. Default 0. */
  readonly crossBps?: number | undefined;
}

/** What a link does to datagrams, and the seed of its chance. */
export interface NetemOptions extends Impairments {
  /** Any safe integer. The same seed, options and calls give the same deliveries. */
  readonly seed: number;
}

/** Which numbers are allowed, in words and as a test, and what holds when it is left out; without that it is needed. */
type Rule = readonly [allowed: string, holds: (value: number) => boolean, byDefault?: number];

const PROBABILITY = ['a number from 0 to 1', (value: number) => value >= 0 && value <= 1] as const;
const FROM_ZERO = ['a finite number from 0', (value: number) => value >= 0 && value < Infinity] as const;
const ABOVE_ZERO = ['a finite number above 0', (value: number) => value > 0 && value < Infinity] as const;

const RULES = {
  loss: [...PROBABILITY, 0],
  delayMs: [...FROM_ZERO, 0],
  jitterMs: [...FROM_ZERO, 0],
  reorder: [...PROBABILITY, 0],
  duplicate: [...PROBABILITY, 0],
  rateBps: [...ABOVE_ZERO, Infinity],
  queueBytes: [...ABOVE_ZERO, 65_536],
  queueMs: [...ABOVE_ZERO, Infinity],
  crossBps: [...FROM_ZERO, 0],
  'outages.share': ['a number from 0 to below 1', (value: number) => value >= 0 && value < 1],
  'outages.meanMs': [...ABOVE_ZERO],
  'policer.rateBps': ['a number above 0', (value: number) => value > 0],
  'policer.burstBytes': [...FROM_ZERO],
  'burst.goodToBad': [...PROBABILITY],
  'burst.badToGood': [...PROBABILITY],
  'burst.lossInBad': [...PROBABILITY, 1],
  'burst.lossInGood': [...PROBABILITY, 0],
} as const satisfies Record<string, Rule>;
const KNOWN = ['seed', 'keepOrder', 'byTime', ...Object.keys(RULES)];

/** The same with every default filled in and every value checked. */
export type ParsedImpairments = Readonly<Record<keyof typeof RULES, number>> & { readonly keepOrder: boolean; readonly byTime: boolean };

/** @throws {NetemError} `ERR_NETEM_INVALID_OPTION` for an unknown key, a value out of range or options that contradict. */
export function parseImpairments(impairments: Impairments): ParsedImpairments {
  const { burst = NO_BURSTS, outages = NO_OUTAGES, policer = NO_POLICER, keepOrder = false, byTime = false, ...others } = impairments;
  const given: Readonly<Record<string, unknown>> = {
    ...others,
    ...prefixed('burst', burst),
    ...prefixed('outages', outages),
    ...prefixed('policer', policer),
  };
  const unknown = Object.keys(given).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) {
    throw new NetemError('ERR_NETEM_INVALID_OPTION', `${unknown}: unknown, allowed are ${KNOWN.join(', ')}`);
  }
  const numbers = Object.entries<Rule>(RULES).map(([name, [allowed, holds, byDefault]]) => {
    const value = given[name] as number;
    if (value === undefined && byDefault !== undefined) return [name, byDefault];
    return [name, demand(name, value, typeof value === 'number' && holds(value), allowed)];
  });
  const parsed = { ...Object.fromEntries(numbers), keepOrder, byTime } as ParsedImpairments;
  if (parsed.reorder > 0 && parsed.delayMs + parsed.jitterMs === 0) {
    throw new NetemError('ERR_NETEM_INVALID_OPTION', 'reorder: needs a delayMs or jitterMs that a packet can skip');
  }
  for (const name of ['queueBytes', 'queueMs', 'crossBps'] as const) {
    if (others[name] !== undefined && others.rateBps === undefined) {
      throw new NetemError('ERR_NETEM_INVALID_OPTION', `${name}: needs a rateBps, without one nothing queues`);
    }
  }
  if (others.queueBytes !== undefined && others.queueMs !== undefined) {
    throw new NetemError('ERR_NETEM_INVALID_OPTION', 'queueMs: goes in place of queueBytes, not beside it');
  }
  for (const [name, value] of Object.entries<unknown>({ keepOrder, byTime })) {
    if (typeof value === 'boolean') continue;
    throw new NetemError('ERR_NETEM_INVALID_OPTION', `${name}: got ${String(value)}, allowed is true or false`);
  }
  return parsed;
}

const NO_BURSTS: BurstLoss = { goodToBad: 0, badToGood: 1 };
const NO_OUTAGES: OutageLoss = { share: 0, meanMs: 1 };
const NO_POLICER: Policer = { rateBps: Infinity, burstBytes: 0 };

function prefixed(name: string, group: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(group).map(([key, value]) => [`${name}.${key}`, value]));
}
