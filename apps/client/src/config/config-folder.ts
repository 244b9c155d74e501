import { isAbsolute, join } from 'node:path';
import { homeFolder } from '../base/home-folder.ts';

/**
 * A file in the user's own folder of settings: `$XDG_CONFIG_HOME/lightspeed`, by default `~/.config/lightspeed`; on Windows
 * `%APPDATA%\lightspeed`. A folder that is not absolute does not count, as the XDG specification has it.
 * @param name such as `config.toml`.
 */
export function ownConfigFile(name: string, env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  const { XDG_CONFIG_HOME, APPDATA } = env;
  const own = platform === 'win32' ? APPDATA : XDG_CONFIG_HOME;
  const usual = platform === 'win32' ? join(homeFolder(), 'AppData', 'Roaming') : join(homeFolder(), '.config');
  return join(own !== undefined && isAbsolute(own) ? own : usual, 'lightspeed', name);
}
