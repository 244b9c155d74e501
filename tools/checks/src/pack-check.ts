/**
 * Packs the package in the current folder as it would be published and looks at the tarball:
 *
 * 1. drop output that no source produces any more, and pack
 * 2. look into the tarball: what must be there, what must not
 * 3. publint and "are the types wrong", both strict
 * 4. run what was built, as plain JavaScript: import it by name, ask each program for its version
 */
import { mkdtempDisposableSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun, run } from './run.ts';
import { deleteStaleOutput } from './stale-output.ts';
import { tarballFaults } from './tarball-faults.ts';
import type { Manifest } from './tarball-faults.ts';

const project = process.cwd();
const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as Manifest;
const faults = checkPackage();
for (const fault of faults) console.error(`${manifest.name}: ${fault}`);
if (faults.length > 0) process.exitCode = 1;
else console.log(`${manifest.name} ${manifest.version} is fit to be published`);

function checkPackage(): string[] {
  const stale = deleteStaleOutput(join(project, 'dist'), join(project, 'src'));
  if (stale.length > 0) console.log(`deleted from dist, no source makes it: ${stale.join(', ')}`);

  using work = mkdtempDisposableSync(join(tmpdir(), 'lightspeed-pack-'));
  const tarball = join(work.path, 'package.tgz');
  mustRun('pnpm', ['pack', '--out', tarball], project);
  mustRun('tar', ['-xzf', tarball, '-C', work.path], project);

  return [...tarballFaults(join(work.path, 'package')), ...linterFaults(tarball), ...programFaults()];
}

function linterFaults(tarball: string): string[] {
  const publint = run('publint', ['run', tarball, '--strict'], project);
  const types = run('attw', [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--no-color', '--format', 'ascii'], project);
  return [publint, types].filter(({ ok }) => !ok).map(({ output }) => output);
}

function programFaults(): string[] {
  const imported = run('node', ['--input-type=module', '--eval', `await import('${manifest.name}')`], project);
  const faults = imported.ok ? [] : [`importing the built package fails: ${imported.output}`];
  for (const [name, path] of Object.entries(manifest.bin ?? {})) {
    const { ok, output } = run('node', [path, '--version'], project);
    if (!ok || output.trim() !== manifest.version) faults.push(`${name} --version should print ${manifest.version}, printed: ${output}`);
  }
  return faults;
}
