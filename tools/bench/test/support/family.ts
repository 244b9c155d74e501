import { readFileSync, readdirSync } from 'node:fs';

/** @returns the parent out of the text of /proc/PID/stat, in which a program's name may hold anything. */
export function parseParent(text: string): number {
  const [, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(parent);
}

/** A process and all that descend from it. */
export function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readOr(`/proc/${name}/stat`, '');
    if (stat !== '') parents.set(Number(name), parseParent(stat));
  }
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** Processes may end while they are looked at. */
function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
