import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

const CLONE_NEWNET = 0x4000_0000;

/** A network namespace that the calling thread is in, and leaves at the end of the block that declares it with `using`. */
export interface TestNamespace extends Disposable {
  /** Runs a program in it, e.g. `ip` or `nft`, and gives what it prints. */
  run(program: string, ...args: string[]): string;
}

/** Why no namespace can be made here, or false if it can: a reason to skip a test. `programs` are those that the test needs. */
export function namespaceObstacle(...programs: string[]): string | false {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  for (const program of ['ip', ...programs]) {
    try {
      execFileSync(program, ['-V'], { stdio: 'ignore' });
    } catch {
      return `${program} is not installed`;
    }
  }
  try {
    enterNamespace()[Symbol.dispose]();
    return false;
  } catch (error) {
    return error instanceof Error ? error.message : 'network namespaces cannot be made';
  }
}

/**
 * Makes a network namespace with nothing in it but a loopback interface that is up, and puts the calling thread into it:
 * sockets that it opens and programs that it starts are in there. Nobody else sees the namespace, and it is gone once
 * nothing is in it any more.
 */
export function enterNamespace(): TestNamespace {
  const c = koffi.load(null);
  const unshare = c.func('int unshare(int flags)') as (flags: number) => number;
  const setns = c.func('int setns(int fd, int kind)') as (fd: number, kind: number) => number;
  const before = openSync('/proc/thread-self/ns/net', 'r');
  if (unshare(CLONE_NEWNET) !== 0) {
    closeSync(before);
    throw new Error('the system does not let us make a network namespace (root is needed)');
  }
  const namespace = {
    run: (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8' }),
    [Symbol.dispose]() {
      setns(before, CLONE_NEWNET);
      closeSync(before);
    },
  };
  namespace.run('ip', 'link', 'set', 'lo', 'up');
  return namespace;
}
