import { setPriority } from 'node:os';
import { answerParent } from '../child-program.ts';
import { carryOutGarbage } from './garbage-kinds.ts';
import type { GarbageQuestion } from './garbage-plan.ts';
import { GarbageTally } from './hostile-session.ts';

/** Attackers have machines of their own: what this one costs must not be taken from the node. */
const LOW_PRIORITY = 10;

setPriority(LOW_PRIORITY);
answerParent(async ({ plan }: GarbageQuestion) => {
  const tally = new GarbageTally();
  await carryOutGarbage(plan, tally, AbortSignal.timeout(plan.seconds * 1_000));
  return { ...tally };
});
