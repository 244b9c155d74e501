import { constants } from 'node:os'
import type { NodeConfig } from '../config/node-config.ts'
import { createLog } from '../log.ts'
import { startNode } from '../node.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/**
 * Runs a node until a signal asks it to end; a second one ends the process at once.
 * @returns the exit code.
 */
export async function serve(config: NodeConfig): Promise<number> {
  const asked = Promise.withResolvers<undefined>()
  let signals = 0
  const onSignal = (signal: NodeJS.Signals) => {
    signals++
    // As the shell would report it had nobody listened.
    if (signals > 1) process.exit(128 + constants.signals[signal])
    asked.resolve(undefined)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  try {
    // A signal during the start is kept until there is something to close.
    const node = await startNode(config, { log: createLog(config) })
    await asked.promise
    await node.close()
    return 0
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}
