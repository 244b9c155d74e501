import { constants } from 'node:os';
import type { NodeConfig } from '../config/node-config.ts';
import { createLog } from '../node/log.ts';
import { startNode } from '../node/node.ts';
import { becomeOwnProgram, checkOwnProgram } from './own-program.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs a node until a signal or `drain` asks it to end: clients that are registered get time to leave. A further signal
 * ends the process at once. `restart` makes the process start the program again, which does not return from here.
 * @returns the exit code.
 */
export async function serve(config: NodeConfig): Promise<number> {
  const asked = Promise.withResolvers<'end'>();
  let ending = false;
  const onSignal = (signal: NodeJS.Signals) => {
    // As the shell would report it had nobody listened.
    if (ending) process.exit(128 + constants.signals[signal]);
    ending = true;
    asked.resolve('end');
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    // A signal during the start is kept until there is something to close.
    const node = await startNode(config, { ...(await createLog(config)), prepareRestart: checkOwnProgram });
    const what = await Promise.race([asked.promise, node.drainAsked, node.restartAsked.then(() => 'restart' as const)]);
    ending = true;
    if (what === 'restart') {
      await node.suspend();
      becomeOwnProgram();
    }
    await node.drain();
    return 0;
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
