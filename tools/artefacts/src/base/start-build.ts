import { startProgress } from './progress.ts';
import type { Say } from './progress.ts';

/** What everybody may read, and the owner alone may write. */
const USUAL_UMASK = 0o022;

/** Begins a build in this process: from here on, new files have the same rights whoever builds, and seconds are counted. */
export function startBuild(): Say {
  process.umask(USUAL_UMASK);
  return startProgress();
}
