import type { LoadProcess } from '../load/load-process.ts';
import type { HighestRate } from './macro-data.ts';
import type { SearchPlan } from './plan.ts';
import { RateSearch } from './rate-search.ts';
import type { RelayUnderTest } from './relay-under-test.ts';
import { measureWindow } from './window.ts';

/** A rate is carried if not more than this is lost. */
const MOST_LOSS = 0.001;

/** Looks for the highest rate that each relay carries; they take turns in their tries. */
export async function searchHighestRates(
  load: LoadProcess,
  relays: readonly RelayUnderTest[],
  plan: SearchPlan,
  progress: (text: string) => void,
): Promise<HighestRate[]> {
  const searches = relays.map(() => new RateSearch(plan));
  for (let step = 0; step < plan.steps; step++) {
    for (const [index, relay] of relays.entries()) {
      const search = searches[index];
      const ratePps = search.nextPps;
      if (ratePps === undefined) continue;
      progress(`highest rate, step ${step + 1} of at most ${plan.steps}: ${relay.name} at ${ratePps.toLocaleString('en')}/s`);
      search.note(await carries(load, relay, { ...plan, ratePps }));
    }
  }
  return relays.map(({ name }, index) => ({ relay: name, ratePps: searches[index].foundPps }));
}

/** A second try counts: the machine may have been busy with something else. */
async function carries(load: LoadProcess, relay: RelayUnderTest, window: SearchPlan & { readonly ratePps: number }): Promise<boolean> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const { loss } = await measureWindow(load, relay, window);
    if (loss <= MOST_LOSS) return true;
  }
  return false;
}
