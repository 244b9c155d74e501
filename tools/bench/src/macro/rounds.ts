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
 * Has relays take turns at the same load, A B C A B C: what the machine does meanwhile, slower here and faster there, comes to
 * all of them, and the ratios of one round hold though its figures may not.
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
    for (const [index, relay] of relays.entries()) {
      const what = `${plan.clients} clients, ${plan.ratePps.toLocaleString('en')}/s, round ${round + 1} of ${rounds}`;
      progress(`${what}: ${relay.name}`);
      windows[index].push(await measureWindow(load, relay, plan));
    }
  }
  return relays.map(({ name }, index) => ({ relay: name, windows: windows[index] }));
}
