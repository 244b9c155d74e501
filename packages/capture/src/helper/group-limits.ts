import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/* What the kernel's documentation of control groups, version 2, says of these files. */

/** The files of limits by their controllers. */
const LIMITS: readonly (readonly [controller: string, file: string])[] = [
  ['memory', 'memory.max'],
  ['memory', 'memory.high'],
  ['memory', 'memory.swap.max'],
  ['pids', 'pids.max'],
  ['cpu', 'cpu.max'],
];
const NONE = 'max';

/**
 * Gives a group the strictest of the limits that hold in another one, its parents included. So a program that moves there is not rid
 * of them. They hold for the program beside what it leaves, so both together may take twice as much.
 * @param root of version 2
 * @throws {Error} if a limit cannot be set.
 */
export function keepLimits(root: string, from: string, to: string): void {
  for (const [controller, file] of LIMITS) {
    const limit = strictest(root, from, file);
    if (limit === undefined || limit === strictest(root, to, file)) continue;
    try {
      for (const parent of [root, dirname(to)]) enable(parent, controller);
      writeFileSync(join(to, file), limit);
    } catch (error) {
      throw new Error(`${file} of the program's session is ${limit.trim()}, and cannot be kept in ${to}`, { cause: error });
    }
  }
}

/** The strictest limit of a group and its parents below the root; undefined without any. */
function strictest(root: string, group: string, file: string): string | undefined {
  let found: string | undefined;
  for (let place = group; place.startsWith(`${root}/`); place = dirname(place)) {
    const limit = contentsOf(join(place, file));
    if (limit === undefined || limit.startsWith(NONE)) continue;
    if (found === undefined || amountOf(limit) < amountOf(found)) found = limit;
  }
  return found;
}

/** A number, or for `cpu.max` microseconds of so many. */
function amountOf(limit: string): number {
  const [amount, of = 1] = limit.split(' ').map(Number);
  return amount / of;
}

/** Lets the groups below one have limits of a kind. */
function enable(parent: string, controller: string): void {
  const file = join(parent, 'cgroup.subtree_control');
  if (contentsOf(file)?.split(' ').includes(controller) !== true) writeFileSync(file, `+${controller}`);
}

function contentsOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    // The root has no limits, and without a controller there are none.
    return undefined;
  }
}
