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
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_CAPTURE_SOCKET } from '../protocol.ts';
import { DEFAULT_SLICE } from '../helper/control-groups.ts';
import { runTool } from '../helper/nft.ts';
import { SERVICE_UNIT, SOCKET_UNIT } from './places.ts';
import type { Places } from './places.ts';
import { endHelper } from './running-helper.ts';
import { stripTypes } from './strip-types.ts';
import { unitFiles } from './units.ts';

/** The first that can be written to: /usr may be read-only (Steam Deck). */
const LIBRARIES = ['/usr/local/lib', '/var/lib'];
const LIBRARY = 'lightspeed-helper';
/** This package's modules, and where they are in the installation. */
const OWN_MODULES = fileURLToPath(new URL('..', import.meta.url));
const OWN_FOLDER = 'capture';

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
  mkdirSync(join(next, 'node_modules'), { recursive: true, mode: 0o755 });
  cpSync(process.execPath, join(next, 'node'));
  cpSync(OWN_MODULES, join(next, OWN_FOLDER), { recursive: true, dereference: true, filter: (path) => !path.endsWith('.tsbuildinfo') });
  stripTypes(join(next, OWN_FOLDER));
  writeFileSync(join(next, 'package.json'), '{"type":"module"}\n');
  const koffi = packageFolder('koffi', import.meta.url);
  copyPackage(koffi, join(next, 'node_modules', 'koffi'));
  const native = `@koromix/koffi-${process.platform}-${process.arch}`;
  copyPackage(packageFolder(native, join(koffi, 'package.json')), join(next, 'node_modules', native));
  giveToRoot(next);
  rmSync(library, { recursive: true, force: true });
  cpSync(next, library, { recursive: true });
  giveToRoot(library);
  rmSync(next, { recursive: true, force: true });
  const program = join(library, OWN_FOLDER, 'helper', 'main.js');
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

/** Where a package is that a module imports. */
function packageFolder(name: string, importer: string): string {
  let folder = dirname(createRequire(importer).resolve(name));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Without documents that nothing loads. */
function copyPackage(from: string, to: string): void {
  const left = new Set(['doc', 'vendor', 'node_modules'].map((name) => join(from, name)));
  cpSync(from, to, { recursive: true, dereference: true, filter: (path) => !left.has(path) });
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
