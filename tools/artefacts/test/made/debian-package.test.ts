import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { temporaryFolder } from '@lightspeed/lab';
import { describe, expect, it } from 'vitest';
import { Container } from '../support/container.ts';
import { NO_DEBIAN, makeDebian } from '../support/debian-root.ts';
import { succeed } from '../support/execute.ts';
import { brokenPackage, testPackage } from '../support/test-package.ts';

/** The unit waits half a minute for a node that is still there. */
const BEFORE_WAIT_ENDS_S = 20;
const NODE = 'lightspeed-proxy';
const HEALTH = ['curl', '--silent', '--fail', 'http://127.0.0.1:8080/health'];
/** All that a package or a node may leave: by name, or by owner. */
const TRACES = ['find', '/', '-xdev', '(', '-name', '*lightspeed*', '-o', '-nouser', ')', '-not', '-path', '/proc/*'];

/** A booted Debian with packages in `/root`, named as they were given. */
async function scene(stack: AsyncDisposableStack) {
  const folder = stack.use(await temporaryFolder());
  const root = await makeDebian(folder.path);
  const files = [await testPackage('deb', folder.path, '1.0.0'), await testPackage('deb', folder.path, '1.0.1')];
  files.push(await brokenPackage(folder.path, '1.0.2'));
  for (const file of files) copyFileSync(file, join(root, 'opt', basename(file)));
  const [first, second, broken] = files.map((file) => `/opt/${basename(file)}`);
  return { root, first, second, broken };
}

describe.skipIf(NO_DEBIAN !== undefined)(`the Debian package of the node${NO_DEBIAN === undefined ? '' : ` (${NO_DEBIAN})`}`, () => {
  it('installs, serves, updates, and goes without a trace under a real systemd', async ({ skip }) => {
    await using stack = new AsyncDisposableStack();
    const { root, first, second, broken } = await scene(stack);
    const container = await Container.boot(root);
    if (container === undefined) return skip('systemd-nspawn cannot boot here');
    stack.use(container);
    const install = (file: string) => container.run('dpkg', '--install', file);

    const installed = await install(first);
    expect(installed.code, installed.stderr).toBe(0);
    expect((await container.run('systemctl', 'is-active', NODE)).stdout.trim()).toBe('inactive');
    expect((await container.run('systemctl', 'is-enabled', NODE)).stdout.trim()).toBe('disabled');
    expect(await container.must('stat', '--format=%a %U %G', '/etc/lightspeed')).toBe('750 root lightspeed\n');

    await container.must('sh', '-c', 'echo nonsense >> /etc/lightspeed/node.toml');
    const refusedStart = await container.run('timeout', String(BEFORE_WAIT_ENDS_S), 'systemctl', 'start', NODE);
    expect(refusedStart, 'a node that ends at once is not waited for').toMatchObject({ code: 1 });
    await container.must('sed', '-i', '/nonsense/d', '/etc/lightspeed/node.toml');

    await container.must('systemctl', 'enable', '--now', NODE);
    await container.must(...HEALTH);
    expect(await container.must('systemctl', 'status', '--full', NODE)).toContain('nobody yet: put the key');
    const log = await container.must('journalctl', '--unit', NODE, '--output=cat');
    expect(log).toContain('"engine":"batch"');
    expect(log).toContain('"quic":"native"');
    const pid = await container.property('MainPID');

    await container.must('sh', '-c', "sed -i 's/^# drain_secs.*/drain_secs = 7/' /etc/lightspeed/node.toml");
    await container.must('systemctl', 'reload', NODE);
    expect(await container.must('journalctl', '--unit', NODE, '--output=cat')).toContain('changed: server.drain_secs');
    await container.must('sh', '-c', 'echo nonsense >> /etc/lightspeed/node.toml');
    expect((await container.run('systemctl', 'reload', NODE)).code).not.toBe(0);
    await container.must('sed', '-i', '/nonsense/d', '/etc/lightspeed/node.toml');
    await container.must('systemctl', 'reload-or-restart', NODE);

    const updated = await install(second);
    expect(updated).toMatchObject({ code: 0, stderr: '' });
    expect(await container.must('journalctl', '--unit', NODE, '--output=cat')).toContain('the node has restarted');
    expect(await container.property('MainPID')).toBe(pid);
    expect(await container.must('cat', '/etc/lightspeed/node.toml')).toContain('drain_secs = 7');

    const refused = await container.run('apt-get', 'install', '--yes', broken);
    expect(refused.code).toBe(0);
    // apt gives its scripts a terminal.
    const words = (refused.stdout + refused.stderr).replaceAll('\r', '');
    expect(words).toContain('The node serves on with the version from before, and its players play on. Why:\n');
    expect(words).toMatch(/^ {2}the node refuses: its program cannot be started again: .*this version is broken/m);
    expect(words).toContain('install the version from before again');
    expect(await container.property('MainPID')).toBe(pid);
    await container.must(...HEALTH);
    await install(second);
    await container.must(...HEALTH);

    await container.must('dpkg', '--remove', NODE);
    expect((await container.run('systemctl', 'is-active', NODE)).stdout.trim()).toBe('inactive');
    await container.must('test', '-e', '/etc/lightspeed/node.toml');
    await container.must('test', '-e', '/var/lib/lightspeed/control-key.pem');
    await container.must('dpkg', '--purge', NODE);
    await container.must('rm', first, second, broken);
    const traces = (await container.must(...TRACES)).split('\n').filter((path) => path !== '' && !path.startsWith('/sys/'));
    expect(traces).toEqual([]);
    expect((await container.run('getent', 'passwd', 'lightspeed')).stdout).toBe('');
  });

  it('installs and goes where no systemd runs', async () => {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder());
    const root = await makeDebian(folder.path);
    const file = await testPackage('deb', join(root, 'opt'), '1.0.0');
    await succeed('chroot', root, 'dpkg', '--install', `/opt/${basename(file)}`);
    expect(await succeed('chroot', root, NODE, '--version')).toMatch(/^\d/);
    expect(await succeed('chroot', root, 'getent', 'passwd', 'lightspeed')).not.toBe('');
    const kept = '/etc/lightspeed/of-the-operator';
    await succeed('chroot', root, 'touch', kept);
    await succeed('chroot', root, 'chgrp', 'lightspeed', kept);
    await succeed('chroot', root, 'dpkg', '--purge', NODE);
    // Whoever gets the numbers of the user next gets none of the files.
    expect(await succeed('chroot', root, 'stat', '--format=%u:%g', '/etc/lightspeed', kept)).toBe('0:0\n0:0\n');
    await succeed('chroot', root, 'rm', '-r', '/etc/lightspeed');
    expect(
      await succeed('chroot', root, 'find', '/etc', '/usr', '/var', '-path', '/var/log', '-prune', '-o', '-name', '*lightspeed*', '-print'),
    ).toBe('');
  });
});
