import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_CAPTURE_SOCKET } from '../protocol.ts';
import { DEFAULT_SLICE } from '../helper/control-groups.ts';
import { runTool } from '../helper/nft.ts';
import { copyHelper } from './helper-files.ts';
import { SERVICE_UNIT, SOCKET_UNIT } from './places.ts';
import type { Places } from './places.ts';
import { endHelper } from './running-helper.ts';
import { unitFiles } from './units.ts';

/** The first that can be written to: /usr may be read-only (Steam Deck). */
const LIBRARIES = ['/usr/local/lib', '/var/lib'];
const LIBRARY = 'lightspeed-helper';

/** Where the installation goes on this machine. */
export function usualPlaces(): Places {
  const parent = LIBRARIES.find((folder) => existsSync(join(folder, LIBRARY))) ?? LIBRARIES.find(isWritable) ?? '/var/lib';
  return {
    library: join(parent, LIBRARY),
    units: '/etc/systemd/system',
    hasSystemd: existsSync('/run/systemd/system'),
    gatewayFile: '/etc/lightspeed/gateway',
    socket: DEFAULT_CAPTURE_SOCKET,
    slice: DEFAULT_SLICE,
  };
}

/**
 * Installs the helper with its runtime, owned by root: nothing that it runs can be written to by others. An installation that
 * is there is replaced.
 * @returns the words of the command that starts the helper where there is no systemd
 * @throws {Error} with what the system says.
 */
export async function install(places: Places): Promise<readonly string[]> {
  const { library } = places;
  const next = `${library}.new`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true, mode: 0o755 });
  const program = copyHelper(next, library);
  giveToRoot(next);
  rmSync(library, { recursive: true, force: true });
  cpSync(next, library, { recursive: true });
  giveToRoot(library);
  rmSync(next, { recursive: true, force: true });
  if (places.hasSystemd) {
    for (const [name, text] of unitFiles(places, program)) writeFileSync(join(places.units, name), text, { mode: 0o644 });
    await runTool('systemctl', ['daemon-reload']);
    // A helper of before ends, with what it catches.
    await runTool('systemctl', ['stop', SERVICE_UNIT]);
    await runTool('systemctl', ['enable', '--now', SOCKET_UNIT]);
  } else await endHelper(places);
  const where = ['--listen', places.socket, '--gateway-file', places.gatewayFile, '--slice', places.slice];
  return [join(library, 'node'), program, ...where, '--stay'];
}

function giveToRoot(path: string): void {
  const status = lstatSync(path);
  chownSync(path, 0, 0);
  chmodSync(path, status.isDirectory() || (status.mode & 0o100) !== 0 ? 0o755 : 0o644);
  if (!status.isDirectory()) return;
  for (const name of readdirSync(path)) giveToRoot(join(path, name));
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
