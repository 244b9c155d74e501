import { execFileSync } from 'node:child_process';
import { addGatewayEntry, install, missingInterface, remove, startHelper, usualPlaces } from '@lightspeed/capture';
import { ClientError } from '../base/errors.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** The options of `setup`. */
export interface SetupOptions {
  readonly remove?: boolean;
  readonly gateway?: string;
  readonly lan?: string;
}

/** `lightspeed setup`. @returns the exit code. */
export async function setup({ remove: removes = false, gateway, lan }: SetupOptions, terminal: Terminal): Promise<number> {
  if ((gateway === undefined) !== (lan === undefined)) {
    throw new UsageError('--gateway USER and --lan INTERFACE belong together: which user may make a gateway of which interface');
  }
  if (removes && gateway !== undefined) throw new UsageError('--remove takes everything away: leave out --gateway');
  if (process.platform !== 'linux')
    throw new UsageError('only Linux can catch datagrams; on other systems use lightspeed socks (see docs/playing.md)');
  const entry = gateway === undefined || lan === undefined ? undefined : { uid: uidOf(gateway), lan: interfaceOf(lan) };
  if (process.getuid?.() !== 0) throw new UsageError('setup changes the system: run it as root, with sudo');
  const places = usualPlaces();
  try {
    if (removes) {
      const left = await remove(places);
      terminal.line('the helper is gone, with its routing and files');
      for (const one of left) terminal.line(`left: ${one}`);
      return 0;
    }
    if (entry !== undefined) {
      addGatewayEntry(places.gatewayFile, entry.uid, entry.lan);
      terminal.line(`${gateway} may make a gateway of ${entry.lan} now`);
      return 0;
    }
    const words = await install(places);
    terminal.line(`the helper is in ${places.library}`);
    if (places.hasSystemd) terminal.line('systemd starts it when a game is to be caught');
    else {
      await startHelper(words, places);
      terminal.line('it runs now; since there is no systemd here, have it started with the system by this command:');
      terminal.line(words.join(' '));
    }
    terminal.line('next: lightspeed doctor, then lightspeed run -- GAME');
    return 0;
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    throw new ClientError('ERR_CLIENT_CAPTURE', `setup failed: ${error.message}`, { cause: error });
  }
}

function uidOf(user: string): number {
  if (/^\d{1,9}$/.test(user)) return Number(user);
  try {
    return Number(execFileSync('id', ['-u', '--', user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    throw new UsageError(
      `--gateway ${user}: there is no such user; allowed is a name or a number of a user of this machine (see: getent passwd)`,
    );
  }
}

function interfaceOf(name: string): string {
  const missing = missingInterface(name);
  if (missing !== undefined) throw new UsageError(`--lan ${name}: ${missing}`);
  return name;
}
