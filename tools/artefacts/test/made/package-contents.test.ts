import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@lightspeed/lab';
import { describe, expect, it } from 'vitest';
import { findTool } from '../../src/base/run-tool.ts';
import { execute, succeed } from '../support/execute.ts';
import { NO_FOLDER } from '../support/made-programs.ts';
import { testPackage } from '../support/test-package.ts';

const missing = ['nfpm', 'rpm', 'dpkg-deb', 'lintian'].filter((tool) => findTool(tool) === undefined);
const obstacle = NO_FOLDER ?? (missing.length > 0 ? `no ${missing.join(', ')}` : undefined);
/** Only Debian's checker reads it. */
const ONLY_DEBIAN = /^\/usr\/share\/lintian/;
/** Only packages of tests are not compressed. */
const LINTIAN = ['--fail-on', 'none', '--suppress-tags', 'uses-no-compression-for-data-tarball'];
const MAX_INSTALLED_BYTES = 130_000_000;

/** Files with their modes, as `rwxr-xr-x /path`, of a listing whose lines begin with modes and have one path. */
function filesOf(listing: string): readonly string[] {
  return [...listing.matchAll(/^-(\S{9}).* \.?(\/.+)$/gm)].map(([, mode, path]) => `${mode} ${path}`).toSorted();
}

describe.skipIf(obstacle !== undefined)(`the packages of the node${obstacle === undefined ? '' : ` (${obstacle})`}`, () => {
  it('has nothing that lintian calls an error', async () => {
    await using folder = await temporaryFolder();
    const { stdout } = await execute('lintian', ...LINTIAN, await testPackage('deb', folder.path, '1.0.0'));
    expect(stdout.split('\n').filter((line) => line.startsWith('E:'))).toEqual([]);
  });

  it('has the same files and scripts for Debian and for RPM, and RPM installs it', async () => {
    await using folder = await temporaryFolder();
    const deb = await testPackage('deb', folder.path, '1.0.0');
    const rpm = await testPackage('rpm', folder.path, '1.0.0');
    const debian = filesOf(await succeed('dpkg-deb', '--contents', deb)).filter((line) => !ONLY_DEBIAN.test(line.split(' ')[1]));
    expect(filesOf(await succeed('rpm', '-qplv', rpm))).toEqual(debian);
    expect(debian.length).toBeGreaterThan(15);

    const control = join(folder.path, 'control');
    await succeed('dpkg-deb', '--control', deb, control);
    for (const [debianScript, rpmScript] of [
      ['postinst', 'POSTIN'],
      ['prerm', 'PREUN'],
      ['postrm', 'POSTUN'],
    ]) {
      const ofRpm = await succeed('rpm', '-qp', '--queryformat', `%{${rpmScript}}`, rpm);
      expect(ofRpm.trim(), rpmScript).toBe(readFileSync(join(control, debianScript), 'utf8').trim());
    }
    expect(readFileSync(join(control, 'conffiles'), 'utf8').trim()).toBe('/etc/lightspeed/node.toml');
    expect((await succeed('rpm', '-qpc', rpm)).trim()).toBe('/etc/lightspeed/node.toml');

    const root = join(folder.path, 'root');
    await succeed('rpm', '--root', root, '--install', '--nodeps', '--noscripts', rpm);
    const { stdout } = spawnSync(
      join(root, 'usr/lib/lightspeed-proxy/node'),
      [join(root, 'usr/lib/lightspeed-proxy/proxy/main.js'), '--help'],
      {
        encoding: 'utf8',
      },
    );
    expect(stdout).toContain('Usage: lightspeed-proxy');
    const [kilobytes] = (await succeed('du', '--summarize', '--block-size=1', join(root, 'usr'))).split('\t');
    expect(Number(kilobytes)).toBeLessThan(MAX_INSTALLED_BYTES);
  });
});
