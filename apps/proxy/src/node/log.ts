import { pino } from 'pino';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { LogOutput, standardOutput } from './log-output.ts';

/** The log of a program. */
export interface ProgramLog {
  readonly log: Logger;
  /** Lines that were dropped because nobody read them. */
  readonly droppedLines: () => number;
}

/**
 * A log on standard output, which never waits for whoever reads it. Without a format it is pretty on a terminal and JSON, a line
 * an entry, in other cases.
 */
export async function createLog({ logLevel, logFormat }: Pick<NodeConfig, 'logLevel' | 'logFormat'>): Promise<ProgramLog> {
  const terminal = process.stdout.isTTY;
  const format = logFormat ?? (terminal ? 'pretty' : 'json');
  const form = format === 'json' ? (line: string) => line : await prettyForm(terminal);
  const output = new LogOutput(standardOutput(), (lines) => {
    log.warn({ lines }, 'lines of this log were dropped: nobody read them in time');
  });
  const options = { level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const log = pino(options, { write: (line: string) => output.write(form(line)) });
  return { log, droppedLines: () => output.droppedLines };
}

/** Loaded only where it is wanted: some 4 MB, which only people need. */
async function prettyForm(colorize: boolean): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  return prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l' });
}

/** A logger that writes nothing. */
export function silentLog(): Logger {
  return pino({ enabled: false });
}
