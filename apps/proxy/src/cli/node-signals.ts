/** What signals do on a system. */
export interface NodeSignals {
  /** Those after which a node drains and ends. */
  readonly end: readonly NodeJS.Signals[];
  /** That after which it reads its configuration again. Windows has none: there it says that the console was closed. */
  readonly reload: 'SIGHUP' | undefined;
}

/** @param platform the system's name, as `process.platform` has it */
export function nodeSignals(platform: NodeJS.Platform): NodeSignals {
  if (platform === 'win32') return { end: ['SIGTERM', 'SIGINT', 'SIGBREAK', 'SIGHUP'], reload: undefined };
  return { end: ['SIGTERM', 'SIGINT'], reload: 'SIGHUP' };
}
