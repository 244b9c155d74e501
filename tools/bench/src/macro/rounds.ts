import type { LoadProcess } from '../load/load-process.ts';
import type { RelayUnderTest } from './relay-under-test.ts';
import { measureWindow } from './window.ts';
import type { WindowLoad, WindowMeasurement } from './window.ts';

/** What a relay did in each round, in order. */
export interface RelayRounds {
  readonly relay: string;
  readonly windows: readonly WindowMeasurement[];
}

/**
 * Has relays take turns at the same load, A B C, C B A: what the machine does meanwhile, slower here and faster there, comes to
 * all of them, nobody always comes after the same one, and the ratios of one round hold though its figures may not.
 */
export async function measureRounds(
  load: LoadProcess,
  relays: readonly RelayUnderTest[],
  plan: WindowLoad,
  rounds: number,
  progress: (text: string) => void,
): Promise<RelayRounds[]> {
  const windows = relays.map((): WindowMeasurement[] => []);
  for (let round = 0; round < rounds; round++) {
    const turns = [...relays.entries()];
    for (const [index, relay] of round % 2 === 0 ? turns : turns.toReversed()) {
      const what = `${plan.clients} clients, ${plan.ratePps.toLocaleString('en')}/s, round ${round + 1} of ${rounds}`;
      progress(`${what}: ${relay.name}`);
      windows[index].push(await measureWindow(load, relay, plan));
    }
  }
  return relays.map(({ name }, index) => ({ relay: name, windows: windows[index] }));
}
