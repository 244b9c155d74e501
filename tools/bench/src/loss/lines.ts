import type { Impairments } from '@lightspeed/netem';
import { DEFAULT_PROTECTION, formatProtect, parseProtect } from '@lightspeed/session';
import type { LineProtection, Lines } from './carried-line.ts';

const DELAY_MS = 25;

/** A line, 25 ms each way, by name. Losses go by time: settings that send different packets meet the same ones. */
export interface LossLine {
  readonly name: string;
  readonly lines: Lines;
}

function line(name: string, impairments: Impairments): LossLine {
  const both = { delayMs: DELAY_MS, byTime: true, ...impairments };
  return { name, lines: { up: both, down: both } };
}

/** Nothing is lost. */
export const CLEAN = line('clean', {});
/** One packet of a thousand is lost. */
export const NEARLY_CLEAN = line('random 0.1 %', { loss: 0.001 });
/** Each packet is lost with this probability. */
export const RANDOM = [0.05, 0.1, 0.2].map((loss) => line(`random ${loss * 100} %`, { loss }));
/** 5 % in bursts of three packets on average. */
export const BURSTS = line('bursts of 3, 5 %', { burst: { goodToBad: 0.05 / 0.95 / 3, badToGood: 1 / 3 } });
/** 5 % of the time nothing passes, for 50 ms on average. */
export const OUTAGES = line('outages of 50 ms, 5 %', { outages: { share: 0.05, meanMs: 50 } });

/** What an automatic setting may spend. */
export interface Budget {
  readonly deadlineMs?: number;
  readonly budgetPercent?: number;
  readonly budgetKbps?: number;
}

/** Fixed settings have the budget that they need. */
const PLENTY = { budgetPercent: 255, budgetKbps: 10_000 };

/** A setting as `--protect` has it. */
export function protectionOf(how: string, budget: Budget = how === 'auto' ? {} : PLENTY): LineProtection {
  const protect = parseProtect(how);
  if (protect === undefined) throw new RangeError(`${how} is no setting`);
  if (protect.kind === 'off') return { protection: undefined, fecGroupSize: 0 };
  if (protect.kind === 'groups') return { protection: undefined, fecGroupSize: protect.size };
  return { protection: { ...DEFAULT_PROTECTION, ...budget, mode: protect }, fecGroupSize: 0 };
}

/** The settings that are compared, the first one being none. */
export const SETTINGS = [
  'off',
  'groups:8',
  'groups:4',
  'groups:2',
  'groups:1',
  'xor:3',
  'repeat:5',
  'repeat:23',
  'repeat:5,20',
  'auto',
].map((how) => formatProtect(parseProtect(how) ?? { kind: 'off' }));

/** IP bytes a second of the game, 60 datagrams of 60 to 120 bytes up, of 100 to 400 bytes down. */
const FLOW_BPS = { up: 60 * (48 + 90), down: 60 * (48 + 250) };
/** How much room there is for the game, as a multiple of what it sends. */
const ROOMS = [0.9, 1.3, 1.8, 2.5];
const QUEUE_MS = 100;
/** Others send so much of a shared link, in parts of it. */
const CROSS_SHARE = 0.6;

/** Lines that are full, or nearly: with little room, redundancy takes the place of payloads. */
export interface CongestedLine extends LossLine {
  readonly room: number;
}

/** 32 of them: policers and queues, alone and shared, without other losses and with 5 %. */
export const CONGESTED: readonly CongestedLine[] = [0, 0.05].flatMap((loss) =>
  ROOMS.flatMap((room) =>
    (['policer', 'deep policer', 'queue', 'shared queue'] as const).map((kind) => {
      const of = (flowBps: number): Impairments => {
        const rateBps = room * flowBps;
        const common = { delayMs: DELAY_MS, byTime: true, loss };
        if (kind === 'policer') return { ...common, policer: { rateBps, burstBytes: 3_000 } };
        if (kind === 'deep policer') return { ...common, policer: { rateBps, burstBytes: 20_000 } };
        if (kind === 'queue') return { ...common, rateBps, queueMs: QUEUE_MS };
        const all = rateBps / (1 - CROSS_SHARE);
        return { ...common, rateBps: all, queueMs: QUEUE_MS, crossBps: all * CROSS_SHARE };
      };
      return { name: `${kind}, room ${room}, loss ${loss * 100} %`, room, lines: { up: of(FLOW_BPS.up), down: of(FLOW_BPS.down) } };
    }),
  ),
);
