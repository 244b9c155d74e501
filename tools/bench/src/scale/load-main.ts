/**
 * A load process of the scale run: takes tasks from its parent, one after the other, and answers each.
 *
 * @module
 */
import type { LoadAnswer, LoadTask } from './load-messages.ts';
import { SessionLoad } from './session-load.ts';

const NOTHING: LoadAnswer = {
  opened: 0,
  sent: 0,
  received: 0,
  latencies: { p50Us: 0, p99Us: 0, p999Us: 0, maxUs: 0 },
};

let load: SessionLoad | undefined;

async function perform(task: LoadTask): Promise<LoadAnswer> {
  if (task.type !== 'start') return load === undefined ? NOTHING : load.run(task);
  load = await SessionLoad.start(task);
  return NOTHING;
}

process.on('message', (task: LoadTask) => {
  perform(task).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => {
  load?.close();
  process.exit(0);
});
