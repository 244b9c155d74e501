import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/** The user's own folder: as the environment says it, or as the system knows it where that is empty or names no whole path. */
export function homeFolder(): string {
  const told = homedir();
  return isAbsolute(told) ? told : userInfo().homedir;
}
