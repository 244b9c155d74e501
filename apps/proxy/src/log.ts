import { pino } from 'pino';
import type { Logger } from 'pino';
import pretty from 'pino-pretty';
import type { NodeConfig } from './config/node-config.ts';

/**
 * A log on standard output, written at once, so that nothing is lost when the process ends. Without a format it is pretty
 * on a terminal and JSON, a line an entry, elsewhere.
 */
export function createLog({ logLevel, logFormat }: Pick<NodeConfig, 'logLevel' | 'logFormat'>): Logger {
  const terminal = process.stdout.isTTY;
  const format = logFormat ?? (terminal ? 'pretty' : 'json');
  const options = { level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (format === 'json') return pino(options, pino.destination({ fd: 1, sync: true }));
  return pino(options, pretty({ colorize: terminal, sync: true, destination: 1, translateTime: 'SYS:HH:MM:ss.l' }));
}

export function silentLog(): Logger {
  return pino({ enabled: false });
}
