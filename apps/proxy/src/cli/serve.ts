import { constants } from 'node:os';
import type { NodeConfig } from '../config/node-config.ts';
import { createLog } from '../node/log.ts';
import type { Reloaded } from '../node/admin-commands.ts';
import { startNode } from '../node/node.ts';
import { nodeSignals } from './node-signals.ts';
import { reload } from './reload.ts';
import { becomeOwnProgram, checkOwnProgram, watchOwnProgram } from './own-program.ts';

/**
 * Runs a node until a signal or `drain` asks it to end: clients that are registered get time to leave. A further signal
 * ends the process at once. SIGHUP makes it read its configuration again, except on Windows. `restart` makes the process start the program again,
 * which does not return from here.
 * @param read gives the configuration as it is now, or throws.
 * @returns the exit code.
 */
export async function serve(config: NodeConfig, read = () => config): Promise<number> {
  const signals = nodeSignals(process.platform);
  const asked = Promise.withResolvers<'end'>();
  let ending = false;
  const onSignal = (signal: NodeJS.Signals) => {
    // As the shell would report it had nobody listened.
    if (ending) process.exit(128 + constants.signals[signal]);
    ending = true;
    asked.resolve('end');
  };
  for (const signal of signals.end) process.on(signal, onSignal);
  const isReplaced = watchOwnProgram();
  /** One at a time, the first one when the node serves. */
  const serving = Promise.withResolvers<() => Promise<Reloaded>>();
  let before: Promise<unknown> = Promise.resolve();
  const reloadInTurn = () => {
    const reloaded = before.then(async () => (await serving.promise)());
    before = reloaded.catch(() => undefined);
    return reloaded;
  };
  const onHangup = () => {
    // The log has what is wrong.
    reloadInTurn().catch(() => undefined);
  };
  if (signals.reload !== undefined) process.on(signals.reload, onHangup);
  try {
    // A signal during the start is kept until there is something to close.
    const output = await createLog(config);
    const node = await startNode(config, { ...output, program: { isReplaced, check: checkOwnProgram, reload: reloadInTurn } });
    serving.resolve(() => reload(node, read, output.log));
    const what = await Promise.race([asked.promise, node.drainAsked, node.restartAsked.then(() => 'restart' as const)]);
    ending = true;
    if (what === 'restart') {
      await node.suspend();
      becomeOwnProgram();
    }
    await node.drain();
    return 0;
  } finally {
    for (const signal of signals.end) process.off(signal, onSignal);
    if (signals.reload !== undefined) process.off(signals.reload, onHangup);
  }
}
