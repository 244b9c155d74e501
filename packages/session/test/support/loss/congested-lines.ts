import { play } from './protected-run.ts';
import type { GameFlow, RunOptions } from './protected-run.ts';
import { AUTO, DOWN, OFF, UP, fixed, losing } from './settings.ts';

/** A line with room for a multiple of what a game sends. */
export interface CongestedLine {
  readonly name: string;
  readonly kind: LineKind;
  /** How many times the flow without protection has room. */
  readonly room: number;
  readonly loss: number;
  readonly flow: GameFlow;
  readonly line: RunOptions['line'];
}

type LineKind = 'policer' | 'deep policer' | 'queue' | 'shared queue';

const KINDS: readonly LineKind[] = ['policer', 'deep policer', 'queue', 'shared queue'];
const ROOMS = [0.9, 1.3, 1.8, 2.5];
const LOSSES = [0, 0.03, 0.05];
const BUCKET_BYTES = 3000;
const DEEP_BUCKET_BYTES = 15_000;
const QUEUE_MS = 100;
/** What others send through the same queue, in bytes per millisecond. */
const OTHERS_RATE = 50;
const HEADERS_BYTES = 48;

/** Policers with a small and a large bucket, queues of 100 ms for the flow alone and with others, by room, random loss and flow. */
export const CONGESTED_LINES: readonly CongestedLine[] = [UP, DOWN].flatMap((flow) =>
  KINDS.flatMap((kind) => ROOMS.flatMap((room) => LOSSES.map((loss) => lineOf(flow, kind, room, loss)))),
);

function lineOf(flow: GameFlow, kind: LineKind, room: number, loss: number): CongestedLine {
  const rate = ((flow.hz * ((flow.minBytes + flow.maxBytes) / 2 + HEADERS_BYTES)) / 1000) * room;
  const shared = rate + OTHERS_RATE;
  const limits = {
    policer: { policer: { rate, bucketBytes: BUCKET_BYTES } },
    'deep policer': { policer: { rate, bucketBytes: DEEP_BUCKET_BYTES } },
    queue: { queue: { rate, bytes: rate * QUEUE_MS, cross: 0 } },
    'shared queue': { queue: { rate: shared, bytes: shared * QUEUE_MS, cross: OTHERS_RATE } },
  }[kind];
  const name = `${flow === UP ? 'up' : 'down'}, ${kind}, room ${room.toString()}, loss ${(loss * 100).toString()} %`;
  return { name, kind, room, loss, flow, line: { ...losing(loss), ...limits } };
}

/** How a line fared, means over seeds, in percent. */
export interface LineFigures {
  readonly name: string;
  readonly off: Setting;
  readonly auto: Setting;
  readonly fixed: Setting;
  /** By how much more was lost than with `off`, at the worst seed. */
  readonly worst: number;
  readonly faults: readonly string[];
}

interface Setting {
  readonly lost: number;
  readonly missing: number;
  readonly added: number;
}

/** Bounds in points, and in percent of the bytes. */
const MORE_LOST = 0.2;
const MORE_MISSING = 1;
const MORE_BYTES = 6;
const MORE_THAN_FIXED = 0.5;
const SIGMAS = 3;
/** A repeat of each payload costs 72 to 87 %: there is no room for it, or plenty. Between them either is right. */
const NO_ROOM = 1.6;
const PLENTY = 2.5;

/** Plays a line without protection, with the loop and with repeats that nothing stops. */
export function measureLine(congested: CongestedLine, seeds: readonly number[], seconds: number): LineFigures {
  const { name, flow, line, room, kind, loss } = congested;
  const runs = seeds.map((seed) => [OFF, AUTO, fixed(5)].map((loop) => play({ seed, seconds, flow, line, loop })));
  const settings = [0, 1, 2].map((nth) => {
    const mean = (of: (run: (typeof runs)[0][0]) => number) => (100 * runs.reduce((sum, run) => sum + of(run[nth]), 0)) / runs.length;
    return {
      lost: mean((run) => run.lost),
      missing: mean((run) => run.missing),
      added: mean((run) => (run.redundantBytes + run.reportBytes) / run.ownBytes),
    };
  });
  const [off, auto, repeat] = settings;
  const worst = 100 * Math.max(...runs.map(([without, adaptive]) => adaptive.lost - without.lost));
  const sigma = 100 * Math.sqrt((2 * Math.max(off.lost / 100, 1e-4)) / (flow.hz * seconds));
  const isRoomy = kind === 'queue' && room >= PLENTY && loss === 0.05;
  const faults = [
    auto.lost > off.lost + MORE_LOST ? 'more is lost' : '',
    worst > MORE_LOST + SIGMAS * sigma ? 'more is lost at the worst seed' : '',
    auto.missing > off.missing + MORE_MISSING ? 'more is missing' : '',
    room < NO_ROOM && auto.added > MORE_BYTES ? 'too many bytes' : '',
    isRoomy && auto.missing > repeat.missing + MORE_THAN_FIXED ? 'too timid' : '',
  ].filter((fault) => fault !== '');
  return { name, off, auto, fixed: repeat, worst, faults };
}
