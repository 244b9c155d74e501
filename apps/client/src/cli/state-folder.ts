import { join } from 'node:path';
import { homeFolder } from '../base/home-folder.ts';

/** Where the keys of nodes are kept that were trusted on first use. */
export function knownNodesFile(env?: NodeJS.ProcessEnv, platform?: string): string {
  return join(stateFolder(env, platform), 'known-nodes');
}

/** Where sessions are kept, see `SessionFiles`. */
export function sessionsFolder(): string {
  return join(stateFolder(), 'sessions');
}

/** Where matches are kept, see `History`. */
export function historyFile(): string {
  return join(stateFolder(), 'history.sqlite');
}

/** Where rules are kept that were laid down on the live page. */
export function waysFile(): string {
  return join(stateFolder(), 'ways.json');
}

/** Where clients that run leave notes for `lightspeed status`. */
export function clientsFolder(): string {
  return join(stateFolder(), 'clients');
}

/** `$XDG_STATE_HOME/lightspeed`, by default `~/.local/state/lightspeed`; on Windows `%LOCALAPPDATA%\lightspeed`. */
function stateFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  const { XDG_STATE_HOME, LOCALAPPDATA } = env;
  const own = platform === 'win32' ? LOCALAPPDATA : XDG_STATE_HOME;
  const usual = platform === 'win32' ? join(homeFolder(), 'AppData', 'Local') : join(homeFolder(), '.local', 'state');
  return join(own === undefined || own === '' ? usual : own, 'lightspeed');
}
