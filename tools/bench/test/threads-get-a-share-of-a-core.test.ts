import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findCpuController, ThreadQuota } from '../src/macro/thread-quota.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'lightspeed-quota-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('the controller of CPU time is found among the mounts', () => {
  const first = 'cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0';
  const joint = 'cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0';
  const sets = 'cgroup /sys/fs/cgroup/cpuset cgroup rw,relatime,cpuset 0 0';
  const second = 'cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0';

  expect(findCpuController([sets, second, first].join('\n'))).toEqual({ version: 1, folder: '/sys/fs/cgroup/cpu' });
  expect(findCpuController(joint)).toEqual({ version: 1, folder: '/sys/fs/cgroup/cpu,cpuacct' });
  expect(findCpuController(`${sets}\n${second}\n`)).toEqual({ version: 2, folder: '/sys/fs/cgroup/unified' });
  expect(findCpuController(sets)).toBeUndefined();
});

test('each thread is alone in a group with a quota, in the first version', () => {
  const root = folder();
  new ThreadQuota({ version: 1, folder: root }, 0.25, 'bench').limit(100, [101, 102]);

  for (const thread of ['101', '102']) {
    const group = join(root, 'bench', thread);
    const said = Object.fromEntries(readdirSync(group).map((name) => [name, readFileSync(join(group, name), 'utf8')]));

    expect(said).toEqual({ 'cpu.cfs_period_us': '10000', 'cpu.cfs_quota_us': '2500', tasks: thread });
  }
});

test('each thread is alone in a threaded group with a quota, in the second version', () => {
  const root = folder();
  new ThreadQuota({ version: 2, folder: root }, 0.5, 'bench').limit(100, [101]);
  const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

  expect(read('cgroup.subtree_control')).toBe('+cpu');
  expect([read('bench', 'cgroup.procs'), read('bench', 'cgroup.subtree_control')]).toEqual(['100', '+cpu']);
  const inGroup = ['cgroup.type', 'cpu.max', 'cgroup.threads'].map((name) => read('bench', '101', name));
  expect(inGroup).toEqual(['threaded', '5000 10000', '101']);
});

test('groups are removed, and only those that it has made', () => {
  const root = folder();
  mkdirSync(join(root, 'other'));
  const quota = new ThreadQuota({ version: 1, folder: root }, 0.25, 'bench');
  quota.limit(100, [101]);
  // The kernel's files of a group go with it.
  for (const name of readdirSync(join(root, 'bench', '101'))) rmSync(join(root, 'bench', '101', name));
  quota[Symbol.dispose]();

  expect(readdirSync(root)).toEqual(['other']);
});

test('where groups cannot be made, it is an error of the file system', () => {
  const root = folder();
  writeFileSync(join(root, 'file'), '');

  expect(() => new ThreadQuota({ version: 1, folder: join(root, 'file') }, 0.25, 'bench').limit(1, [1])).toThrow('ENOTDIR');
});
