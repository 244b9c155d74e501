import { measureAllocation } from '../micro/allocation.ts';
import { bytesPerRegisteredSession } from '../scale/relay-memory.ts';
import { cRelayFigure } from './c-relay-ratio.ts';
import bounds from './bounds.json' with { type: 'json' };
import { judge } from './figure.ts';
import type { Figure, Judgement } from './figure.ts';
import { instructionFigures } from './instructions.ts';
import { systemCallFigures } from './system-calls.ts';

const ALLOCATION = { roundTrips: 250_000, warmUpRoundTrips: 400_000 };
const SESSIONS = 50_000;

/**
 * Measures what must not get worse and does not depend on how fast the machine is, and holds it to the bounds in
 * `bounds.json`. Needs `--expose-gc`.
 * @param onProgress called with what is measured next.
 */
export async function measureGate(onProgress: (what: string) => void): Promise<readonly Judgement[]> {
  onProgress('memory of sessions');
  const sessions = { name: 'bytes per idle registered session: relay', value: bytesPerRegisteredSession(SESSIONS) };
  onProgress('system calls');
  const systemCalls = await systemCallFigures();
  onProgress('allocation');
  const allocation = await allocationFigures();
  onProgress('instructions, under valgrind');
  const instructions = await instructionFigures();
  onProgress('cost beside the relay in C');
  const cost = await cRelayFigure(onProgress);
  return judge([...allocation, ...instructions, ...systemCalls, sessions, cost], bounds.bounds);
}

async function allocationFigures(): Promise<Figure[]> {
  const measured = await measureAllocation(ALLOCATION);
  const figures = measured.map(({ name, bytesPerMillionPackets }) => ({
    name: `allocated bytes per packet: ${name}`,
    value: bytesPerMillionPackets / 1_000_000,
  }));
  const sockets = 'allocated bytes per packet: relay and batch sockets, version 1';
  if (figures.some(({ name }) => name === sockets)) return figures;
  return [...figures, { name: sockets, value: undefined, unavailable: 'no batch I/O here' }];
}
