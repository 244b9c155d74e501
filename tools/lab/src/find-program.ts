import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';

/** Where Debian puts games, and what only administrators use; not on everybody's path. */
const ALSO = ['/usr/games', '/usr/sbin', '/sbin'];

/** @returns the file of a program, or undefined if it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...ALSO];
  const PATH = folders.filter((folder) => folder !== '').join(delimiter);
  const { stdout } = spawnSync('/bin/sh', ['-c', 'command -v "$0"', name], { env: { PATH }, encoding: 'utf8' });
  return stdout === '' ? undefined : stdout.trimEnd();
}
