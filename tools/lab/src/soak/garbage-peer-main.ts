import { setPriority } from 'node:os';
import { carryOutGarbage } from './garbage-kinds.ts';
import type { GarbageQuestion } from './garbage-plan.ts';
import { GarbageTally } from './hostile-session.ts';

/** Attackers have machines of their own: what this one costs must not be taken from the node. */
const LOW_PRIORITY = 10;

setPriority(LOW_PRIORITY);
const stop = new AbortController();
const tally = new GarbageTally();
let ended: Promise<void> = Promise.resolve();

process.on('message', (question: GarbageQuestion) => {
  if (question.ask === 'start') {
    ended = carryOutGarbage(question.plan, tally, stop.signal);
    ended.catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    });
    return;
  }
  stop.abort();
  void ended.then(() => process.send?.({ ...tally }, () => process.exit(0)));
});
process.on('disconnect', () => process.exit(1));
