import { pino } from 'pino';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';

/**
 * A log on standard output, written at once, so that nothing is lost when the process ends. Without a format it is pretty
 * on a terminal and JSON, a line an entry, in other cases.
 */
export async function createLog({ logLevel, logFormat }: Pick<NodeConfig, 'logLevel' | 'logFormat'>): Promise<Logger> {
  const terminal = process.stdout.isTTY;
  const format = logFormat ?? (terminal ? 'pretty' : 'json');
  const options = { level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (format === 'json') return pino(options, pino.destination({ fd: 1, sync: true }));
  // Some 4 MB, which only people need.
  const { default: pretty } = await import('pino-pretty');
  return pino(options, pretty({ colorize: terminal, sync: true, destination: 1, translateTime: 'SYS:HH:MM:ss.l' }));
}

/** A logger that writes nothing. */
export function silentLog(): Logger {
  return pino({ enabled: false });
}
