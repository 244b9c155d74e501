import { measureAllocation } from '../micro/allocation.ts';
import { bytesPerRegisteredSession } from '../micro/memory-relay.ts';
import { C_RELAY, ENTRANTS, OURS } from '../relays/entrants.ts';
import { ARRIVALS, CLIENTS, WARM_UP } from '../relays/loads.ts';
import { measureRelays } from '../relays/measure-relays.ts';
import { cpuRatio } from '../relays/rounds.ts';
import { describeMachine } from '../report/page.ts';
import { markdownTable } from '../report/table.ts';
import bounds from './bounds.json' with { type: 'json' };
import { judge } from './figure.ts';
import type { Figure, Judgement } from './figure.ts';
import { instructionFigures } from './instructions.ts';
import { systemCallFigure } from './system-calls.ts';

const ALLOCATION = { roundTrips: 250_000, warmUpRoundTrips: 400_000 };
const SESSIONS = 50_000;
const C_LOAD = { clients: CLIENTS, ratePps: 20_000, ...ARRIVALS['one by one'], rounds: 5, warmUpMs: 150, measureMs: 300 };

/**
 * `pnpm bench --gate`: measures what must not get worse and does not depend on how fast the machine is. It prints every
 * figure beside its bound in `bounds.json`. Needs `--expose-gc`.
 * @returns the exit code, 1 if a bound was passed over.
 */
export async function runGate(progress: (what: string) => void): Promise<number> {
  const { node, system, processor } = describeMachine();
  console.log(`Node ${node}, ${system}, ${processor}\n`);
  progress('memory of sessions');
  const sessions = { name: 'bytes per idle registered session: relay', value: bytesPerRegisteredSession(SESSIONS) };
  progress('system calls');
  const systemCalls = await systemCallFigure();
  progress('allocation');
  const allocation = await allocationFigures();
  progress('instructions, under valgrind');
  const instructions = await instructionFigures();
  const cost = await cRelayFigure(progress);
  const judgements = judge([...allocation, ...instructions, systemCalls, sessions, cost], bounds.bounds);
  console.log(`${renderGate(judgements)}\n`);
  const failed = judgements.filter(({ passed }) => !passed);
  for (const { name, value, most, why } of failed) {
    console.error(`bench: ${name}: ${value} is more than ${most} (bounds.json: ${why})`);
  }
  return failed.length === 0 ? 0 : 1;
}

/** All judgements as a Markdown table. */
export function renderGate(judgements: readonly Judgement[]): string {
  return markdownTable(
    judgements.map(({ name, value, unavailable, most, passed }) => ({
      figure: name,
      measured: value ?? `not available here: ${unavailable}`,
      'at most': most,
      passed: value === undefined ? '-' : passed ? 'yes' : 'NO',
    })),
  );
}

async function allocationFigures(): Promise<Figure[]> {
  const measured = await measureAllocation(ALLOCATION);
  const figures = measured.map(({ path, bytesPerPacket }) => ({ name: `allocated bytes per packet: ${path}`, value: bytesPerPacket }));
  const sockets = 'allocated bytes per packet: relay and batch sockets, version 1';
  if (figures.some(({ name }) => name === sockets)) return figures;
  return [...figures, { name: sockets, value: undefined, unavailable: 'no batch I/O here' }];
}

/** CPU time per round trip of a node, as a multiple of that of the relay in C: the median of a few turns. */
async function cRelayFigure(progress: (what: string) => void): Promise<Figure> {
  const name = 'cost relative to the C relay';
  if (process.platform !== 'linux') return { name, value: undefined, unavailable: 'relays are compared on Linux only' };
  const entrants = ENTRANTS.filter(({ names: [first] }) => first === OURS || first === C_RELAY);
  const plan = { loads: [C_LOAD], warmUp: { ...WARM_UP, warmUpMs: 200, measureMs: 100 }, entrants };
  const { loads, missing } = await measureRelays(plan, progress);
  if (C_RELAY in missing) return { name, value: undefined, unavailable: missing[C_RELAY] };
  return { name, value: cpuRatio(loads[0].rounds, OURS, C_RELAY) };
}
