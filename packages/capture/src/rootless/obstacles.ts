import { execFile } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CaptureError } from '../client/capture-client.ts';

/** Programs, and Debian's packages that have them. */
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ['pasta', 'passt'],
  ['nft', 'nftables'],
  ['ip', 'iproute2'],
  ['setpriv', 'util-linux'],
  ['unshare', 'util-linux'],
  ['nsenter', 'util-linux'],
]);
/** Settings that keep users from making user namespaces, with the value that does so, and one that does not. */
const SETTINGS: readonly (readonly [name: string, closed: string, open: string])[] = [
  ['kernel.unprivileged_userns_clone', '0', '1'],
  ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
  ['user.max_user_namespaces', '0', '10000'],
];
const TUN = '/dev/net/tun';
const TRY_MS = 5_000;
const run = promisify(execFile);

/** Where programs of the system are: those of root are not in everybody's path. */
export function systemPath(): string {
  return `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin`;
}

/**
 * Makes sure that this machine lets its user make namespaces and connect them.
 * @param words a command line that makes those namespaces, and ends at once
 * @throws {CaptureError} `not_possible` with what is missing, and what to do about it.
 */
export async function requireRootless(words: readonly string[]): Promise<void> {
  if (process.getuid?.() === 0) throw new CaptureError('not_possible', 'rootless is for users that are not root: leave out --rootless');
  const folders = systemPath().split(':');
  for (const [program, name] of PROGRAMS) {
    if (folders.some((folder) => mayUse(join(folder, program), constants.X_OK))) continue;
    throw new CaptureError('not_possible', `there is no ${program}; install the package ${name}: sudo apt install ${name}`);
  }
  const [program, ...args] = words;
  try {
    await run(program, args, { timeout: TRY_MS, env: { PATH: systemPath(), LC_ALL: 'C' } });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] : String(error);
    throw new CaptureError('not_possible', `this system does not let you make user namespaces (${said})${adviceOf(SETTINGS)}`, {
      cause: error,
    });
  }
  if (mayUse(TUN, constants.R_OK | constants.W_OK)) return;
  throw new CaptureError('not_possible', `you may not use ${TUN}, which pasta needs: sudo modprobe tun, or sudo chmod 666 ${TUN}`);
}

function mayUse(path: string, how: number): boolean {
  try {
    accessSync(path, how);
    return true;
  } catch {
    return false;
  }
}

function adviceOf(settings: typeof SETTINGS): string {
  const closed = settings.filter(([name, value]) => settingOf(name) === value);
  return closed.map(([name, , open]) => `; allow it: sudo sysctl ${name}=${open}`).join('');
}

function settingOf(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}
