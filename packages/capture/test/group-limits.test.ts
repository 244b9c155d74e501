import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { keepLimits } from '../src/helper/group-limits.ts';

/** Folders and files in place of a tree of control groups. */
function treeOf(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'lightspeed-groups-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

function read(root: string, file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

const CONTROLLERS = { 'cgroup.subtree_control': 'cpu memory pids\n', 'slice/cgroup.subtree_control': '' };

it('a program that moves keeps the strictest limits of its session and of all above', () => {
  const root = treeOf({
    ...CONTROLLERS,
    'user/memory.max': '4000000\n',
    'user/pids.max': 'max\n',
    'user/cpu.max': '50000 100000\n',
    'user/session/memory.max': '9000000\n',
    'user/session/pids.max': '300\n',
    'user/session/cpu.max': 'max 100000\n',
    'user/session/memory.swap.max': '0\n',
    'slice/game/memory.max': 'max\n',
  });
  keepLimits(root, join(root, 'user/session'), join(root, 'slice/game'));
  expect(read(root, 'slice/game/memory.max')).toBe('4000000');
  expect(read(root, 'slice/game/pids.max')).toBe('300');
  expect(read(root, 'slice/game/cpu.max')).toBe('50000 100000');
  expect(read(root, 'slice/game/memory.swap.max')).toBe('0');
  expect(read(root, 'slice/cgroup.subtree_control')).toMatch(/^\+(memory|pids|cpu)$/);
});

it('a program without limits moves without any, and nothing is written', () => {
  const root = treeOf({ ...CONTROLLERS, 'user/memory.max': 'max\n', 'slice/game/memory.max': 'max\n' });
  keepLimits(root, join(root, 'user'), join(root, 'slice/game'));
  expect(read(root, 'slice/game/memory.max')).toBe('max\n');
  expect(read(root, 'slice/cgroup.subtree_control')).toBe('');
});

it('a limit that cannot be kept is named', () => {
  const root = treeOf({ ...CONTROLLERS, 'user/memory.max': '5\n' });
  expect(() => keepLimits(root, join(root, 'user'), join(root, 'slice/none'))).toThrow(
    /^memory\.max of the program's session is 5, and cannot be kept in/,
  );
});
