import { execFile } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A node that has not served by then in a trial would not either. */
const CHECK_MS = 20_000;

/** A program as this process was started with it. */
interface OwnProgram {
  readonly file: string;
  /** The first one is the name under which it runs. */
  readonly args: readonly string[];
}

/**
 * What to execute to run this program again, with the same flags, as it is on disk now. It follows names as they were given, so
 * that a link which names another version by now leads there.
 */
function ownProgram(): OwnProgram {
  const args = commandLine();
  return { file: found(args[0]) ?? process.execPath, args };
}

/**
 * Remembers which files this program is made of.
 * @returns tells whether others are in their place by now, as after an update.
 */
export function watchOwnProgram(): () => boolean {
  const files = [ownProgram().file, process.argv[1]];
  const before = files.map(identityOf).join();
  return () => files.map(identityOf).join() !== before;
}

/**
 * Runs the program beside this one with `--trial`: whether it starts and serves, and what it makes of the configuration.
 * @throws what is wrong, in one line.
 */
export async function checkOwnProgram(): Promise<void> {
  if (process.execve === undefined) throw new Error('this system cannot replace a process by another: end the node, and start it again');
  const { file, args } = ownProgram();
  await new Promise<void>((resolve, reject) => {
    execFile(file, [...args.slice(1), '--trial'], { timeout: CHECK_MS }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`its program cannot be started again: ${stderr.trim().split('\n').at(-1) || error.message}`));
    });
  });
}

/**
 * Becomes the program in this very process, which keeps its id, its standard streams and its environment.
 * @throws if the system refuses.
 */
export function becomeOwnProgram(): never {
  if (process.execve === undefined) throw new Error('this system cannot replace a process by another');
  const { file, args } = ownProgram();
  return process.execve(file, [...args], process.env);
}

function commandLine(): readonly string[] {
  if (process.platform === 'linux') return readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(0, -1);
  return [process.argv0, ...process.execArgv, ...process.argv.slice(1)];
}

/** Another one for each file that is put in the place of another. */
function identityOf(path: string): string {
  const { dev, ino, size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return `${dev} ${ino} ${size} ${mtimeMs}`;
}

/** Where the shell would have found it. */
function found(name: string): string | undefined {
  const candidates = name.includes('/') ? [name] : (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return candidates.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
