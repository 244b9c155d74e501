import { formatEndpoint } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import type { SocksSettings, SocksUser } from '../settings/ingress-settings.ts';
import { carry } from './carry.ts';
import type { CarryOptions } from './carry.ts';
import { readText } from './read-text.ts';
import type { Terminal } from './terminal.ts';
import { DIRECT } from '../settings/way-settings.ts';
import { UsageError } from './usage-error.ts';

/** 1080 is the port of SOCKS (IANA). */
export const DEFAULT_SOCKS_LISTEN: Endpoint = { ip: 0x7f00_0001, port: 1_080 };
const LOOPBACK_NETWORK = 127;

/** The options of `socks`, as the command line gives them. */
export interface SocksOptions extends CarryOptions {
  readonly listen: Endpoint;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly allowAnybody?: boolean;
}

/** `lightspeed socks`. @returns the exit code. */
export async function socks(options: SocksOptions, terminal: Terminal): Promise<number> {
  const settings = await settingsOf(options);
  const ways = options.always === DIRECT ? [{ servers: '0.0.0.0/0', way: DIRECT }] : [];
  return carry(options, () => Promise.resolve({ socks: settings, ways }), terminal, { command: 'socks', isDecided: true });
}

async function settingsOf({ listen, user, passwordFile, allowAnybody: anybody = false }: SocksOptions): Promise<SocksSettings> {
  if ((user === undefined) !== (passwordFile === undefined)) throw new UsageError('--user and --password-file belong together');
  if (anybody && user !== undefined) throw new UsageError('--allow-anybody asks nobody for a password: leave out --user, or that');
  if (listen.ip >>> 24 !== LOOPBACK_NETWORK && user === undefined && !anybody) {
    const where = formatEndpoint(listen.ip, listen.port);
    throw new UsageError(`--listen ${where} can be reached by other machines: add --user and --password-file, or --allow-anybody`);
  }
  return { listen, anybody, user: user === undefined ? undefined : await userOf(user, passwordFile ?? '') };
}

/** The password is the file's first line. */
async function userOf(name: string, passwordFile: string): Promise<SocksUser> {
  const [password = ''] = (await readText(passwordFile, '--password-file')).split(/\r?\n/);
  if (password === '') throw new UsageError('--password-file: its first line is empty');
  return { name, password };
}
