import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeFolder } from '../base/home-folder.ts';
import { ClientError } from '../base/errors.ts';
import { readProgramFile } from '../base/program-files.ts';
import type { Terminal } from './terminal.ts';

const SOURCE = 'dissector/lightspeed.lua';
const FILE_NAME = 'lightspeed.lua';

/** The options of `dissector`. */
export interface DissectorOptions {
  readonly install?: boolean;
}

/**
 * `lightspeed dissector`: prints Wireshark's dissector, or puts it where Wireshark finds it. @returns the exit code, 0.
 * @throws {ClientError} `ERR_CLIENT_OPEN` if the file cannot be written.
 */
export function dissector({ install = false }: DissectorOptions, terminal: Terminal): number {
  if (!install) {
    terminal.line(readProgramFile(SOURCE).toString().trimEnd());
    return 0;
  }
  const folder = pluginFolder(process.platform, process.env, homeFolder());
  const file = join(folder, FILE_NAME);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, readProgramFile(SOURCE));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ClientError('ERR_CLIENT_OPEN', `the dissector cannot be written: ${why}; print it to a file instead`, { cause: error });
  }
  terminal.line(`${file} is written. Start Wireshark again, and filter by "lightspeed"`);
  return 0;
}

/** Where Wireshark looks for a user's dissectors in Lua, from its release 3.0 on. */
export function pluginFolder(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, home: string): string {
  if (platform === 'win32') return join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'Wireshark', 'plugins');
  return join(home, '.local', 'lib', 'wireshark', 'plugins');
}
