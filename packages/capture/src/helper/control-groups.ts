import { mkdirSync, readFileSync, readdirSync, realpathSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { keepLimits } from './group-limits.ts';

/** Where nft looks for control groups, whatever is mounted there. */
const NFT_ROOT = '/sys/fs/cgroup';
/** The group that holds those of an installation. */
export const DEFAULT_SLICE = 'lightspeed.slice';
/** Most groups of one user: those of captures, and of games that have outlived theirs. */
const MAX_GROUPS = 64;

/** A request that is refused, with the reason for the user. */
export class NotAllowed extends Error {
  override readonly name = 'NotAllowed';
}

/** The tree of control groups, version 2: all of them, or beside version 1 (`unified`). */
export class ControlGroups {
  /** Its root, such as /sys/fs/cgroup. */
  readonly root: string;
  readonly #slice: string;
  /** Groups of captures that are not over. */
  readonly #taken = new Set<string>();

  private constructor(root: string, slice: string) {
    this.root = root;
    this.#slice = join(root, slice);
  }

  /**
   * @param slice the name of the group in which all others are
   * @returns undefined if this system has none where nft can find it.
   */
  static find(slice: string = DEFAULT_SLICE): ControlGroups | undefined {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    for (const line of mounts) {
      const [place, kind] = line.split(' - ');
      const path = place?.split(' ')[4];
      if (kind?.startsWith('cgroup2 ') === true && path !== undefined && (path === NFT_ROOT || path.startsWith(`${NFT_ROOT}/`))) {
        return new ControlGroups(path, slice);
      }
    }
    return undefined;
  }

  /** What nft needs of a group: its path below {@link NFT_ROOT}, and how deep it is below the root of version 2. */
  nftPath(group: string): { readonly path: string; readonly level: number } {
    return { path: group.slice(NFT_ROOT.length + 1), level: group.slice(this.root.length + 1).split(sep).length };
  }

  /**
   * A new group for the programs of one capture.
   * @throws {NotAllowed} if a user's programs are in as many as there may be.
   */
  take(uid: number): string {
    const slice = this.#slice;
    mkdirSync(slice, { recursive: true });
    const names = Array.from({ length: MAX_GROUPS }, (_, place) => join(slice, `user-${uid}-${place + 1}`));
    let group = names.find(isNew);
    if (group === undefined) {
      // Games that have outlived their captures may be over by now.
      for (const name of names) if (!this.#taken.has(name)) removeGroup(name);
      group = names.find(isNew);
    }
    if (group === undefined) throw new NotAllowed(`programs of yours are in ${MAX_GROUPS} control groups of captures already`);
    this.#taken.add(group);
    return group;
  }

  /** Removes a group, if no program is in it any more. Otherwise that is done when its user has too many, or with the installation. */
  giveBack(group: string): void {
    this.#taken.delete(group);
    removeGroup(group);
  }

  /** Removes all empty groups, and what holds them: part of removing the installation. @returns how many are left because programs are in them. */
  removeAll(): number {
    const left = this.removeEmpty();
    removeGroup(this.#slice);
    return left;
  }

  /** Removes all empty groups: for a helper that has no captures yet. @returns as {@link removeAll} */
  removeEmpty(): number {
    const slice = this.#slice;
    const names = (() => {
      try {
        return readdirSync(slice, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      } catch {
        return undefined;
      }
    })();
    if (names === undefined) return 0;
    for (const { name } of names) removeGroup(join(slice, name));
    return names.filter(({ name }) => isThere(join(slice, name))).length;
  }

  /**
   * Puts a process of a user into a group, which gets the limits that hold for it where it is.
   * @throws {NotAllowed} unless the process is the user's, all of it, and stays so. {Error} if a limit cannot be kept.
   */
  place(pid: number, uid: number, group: string): void {
    const before = this.#groupOf(pid);
    requireOwner(pid, uid);
    keepLimits(this.root, before, group);
    writeFileSync(join(group, 'cgroup.procs'), String(pid));
    try {
      requireOwner(pid, uid);
    } catch (error) {
      // The number has gone to another process meanwhile: that one goes back.
      writeFileSync(join(before, 'cgroup.procs'), String(pid));
      throw error;
    }
  }

  /**
   * A group that runs already, if it is the user's: one that the system's manager has given to that user.
   * @param path below the root of version 2
   * @throws {NotAllowed} if it is not there, or not the user's.
   */
  existing(path: string, uid: number): string {
    let group: string;
    try {
      group = realpathSync(join(this.root, path));
    } catch {
      throw new NotAllowed(`there is no control group ${path}`);
    }
    if (!group.startsWith(`${this.root}/`)) throw new NotAllowed(`${path} is not a control group`);
    if (uid !== 0 && statSync(group).uid !== uid) throw new NotAllowed(`the control group ${path} is not yours`);
    return group;
  }

  /** Does something as a process in a group: what is opened meanwhile belongs to that group. */
  within<T>(group: string, does: () => T): T {
    const before = this.#groupOf(process.pid);
    writeFileSync(join(group, 'cgroup.procs'), String(process.pid));
    try {
      return does();
    } finally {
      writeFileSync(join(before, 'cgroup.procs'), String(process.pid));
    }
  }

  #groupOf(pid: number): string {
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    } catch {
      throw new NotAllowed(`there is no process ${pid}`);
    }
    const line = text.split('\n').find((one) => one.startsWith('0::'));
    return join(this.root, line?.slice(3) ?? '/');
  }
}

function requireOwner(pid: number, uid: number): void {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    throw new NotAllowed(`there is no process ${pid}`);
  }
  const owners = /^Uid:\s+(.*)$/m.exec(status)?.[1].split(/\s+/).map(Number) ?? [];
  if (uid !== 0 && !owners.every((owner) => owner === uid)) throw new NotAllowed(`process ${pid} is not yours`);
}

/** Makes a group. @returns false if it is there already. */
function isNew(group: string): boolean {
  try {
    mkdirSync(group);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return false;
  }
}

function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // Programs are in it, or it is not there.
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
