import type { NodeSettings, RunningNode } from '@lightspeed/proxy';
import { nodeConfig, startNode } from '@lightspeed/proxy';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';

/** A line of a log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: number; readonly msg: string };

export const WARN = 40;
export const ERROR = 50;

/** A node on loopback where clients have to register, with what it logs; ends with the test. */
export async function loggedNode(settings: NodeSettings = {}): Promise<{ node: RunningNode; log: LogLine[] }> {
  const log: LogLine[] = [];
  const config = nodeConfig({
    dataBind: '127.0.0.1:0',
    httpBind: 'off',
    controlBind: '127.0.0.1:0',
    allowDestinations: ['127.0.0.0/8'],
    ...settings,
  });
  const node = await startNode(config, { log: pino({ level: 'debug' }, { write: (line) => void log.push(JSON.parse(line) as LogLine) }) });
  onTestFinished(() => node.close());
  return { node, log };
}
