import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ClientError } from '../base/errors.ts';

const ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];

/**
 * The control group of an application that runs: the scope that the desktop or Flatpak has made for it, such as
 * `app-flatpak-com.valvesoftware.Steam-1234.scope`.
 * @param application a part of that name @param uid whose
 * @returns its path below the root of version 2
 * @throws {ClientError} `ERR_CLIENT_CAPTURE` if there is none, or several.
 */
export function controlGroupOf(application: string, uid: number, roots: readonly string[] = ROOTS): string {
  const user = `user.slice/user-${uid}.slice/user@${uid}.service`;
  const found = roots.flatMap((root) => scopesBelow(join(root, user)).map((path) => join(user, path)));
  const named = found.filter((path) => path.split('/').at(-1)?.toLowerCase().includes(application.toLowerCase()));
  if (named.length === 1) return named[0];
  const what = named.length === 0 ? `no application ${application} runs` : `several applications fit ${application}: ${named.join(', ')}`;
  const choose =
    named.length === 0 ? `running are: ${found.map((path) => path.split('/').at(-1)).join(', ') || 'none'}` : 'say more of its name';
  throw new ClientError('ERR_CLIENT_CAPTURE', `${what}; ${choose}`);
}

function scopesBelow(folder: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: false });
  } catch {
    return [];
  }
  return entries.filter((path) => /\bapp-[^/]*\.(scope|service)$/.test(path));
}
