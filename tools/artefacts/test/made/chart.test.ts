import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@lightspeed/lab';
import { describe, expect, it } from 'vitest';
import { findTool, runTool } from '../../src/base/run-tool.ts';
import { WORKSPACE } from '../../src/base/workspace.ts';

const CHART = join(WORKSPACE, 'deploy/chart/lightspeed-proxy');
const helm = findTool('helm');
const validator = findTool('kubernetes-validate');
const why = helm === undefined ? 'no helm in PATH: .ci/build-helm builds it' : undefined;
const whyUnchecked = why ?? (validator === undefined ? 'no kubernetes-validate in PATH: pip install kubernetes-validate' : undefined);

/** The objects of a release with these values, as text. */
function release(...values: readonly string[]): Promise<string> {
  return runTool(helm ?? 'helm', ['template', 'eu', CHART, '--namespace', 'games', ...values]);
}

describe.skipIf(why !== undefined)(`the chart of nodes${why === undefined ? '' : ` (${why})`}`, () => {
  it('has no faults that helm finds', async () => {
    expect(await runTool(helm ?? 'helm', ['lint', '--strict', CHART])).toContain('0 chart(s) failed');
  });

  it('gives nodes as long to end as their configuration lets them drain', async () => {
    expect(await release()).toContain('terminationGracePeriodSeconds: 60');
    expect(await release('--set-string', 'config=[server]\ndrain_secs = 90\n')).toContain('terminationGracePeriodSeconds: 120');
    expect(await release('--set-string', 'config=[server]\n')).toContain('terminationGracePeriodSeconds: 60');
  });

  it('reads their configuration as they do: comments do not count, and numbers may have underscores', async () => {
    const config = '# drain_secs = 5 was too short\n[server]\n  drain_secs = 1_000 # a quarter of an hour\n';
    expect(await release('--set-string', `config=${config}`)).toContain('terminationGracePeriodSeconds: 1030');
    expect(await release('--set-string', 'http.address=::1')).toContain('"[::1]:8080"');
  });

  it('starts nodes anew when their configuration changes, and not when a ticket is revoked', async () => {
    const sumOf = async (...values: readonly string[]) => /checksum\/config: (\w{64})/.exec(await release(...values))?.[1];
    const sum = await sumOf();
    expect(sum).toBeDefined();
    expect(await sumOf('--set-string', 'revoked=someticket')).toBe(sum);
    expect(await sumOf('--set-string', 'config=[server]\nregion = "eu"\n')).not.toBe(sum);
  });

  it('drains nodes before they end, and asks none for its health while it does', async () => {
    const text = await release('--set', 'issuerKeys={lsi1_one,lsi1_two}');
    expect(text).toContain('command: [lightspeed-proxy, drain, --wait, --state-dir, /var/lib/lightspeed-proxy]');
    expect(text).toMatch(/livenessProbe:\n\s+tcpSocket:/);
    expect(text).toMatch(/readinessProbe:\n\s+httpGet:/);
    expect(text.match(/- --issuer-key/g)).toHaveLength(2);
    expect(text).toMatch(/runAsUser: 65532[^]*readOnlyRootFilesystem: true[^]*drop: \[ALL\]/);
  });
});

describe.skipIf(whyUnchecked !== undefined)(`objects of the chart${whyUnchecked === undefined ? '' : ` (${whyUnchecked})`}`, () => {
  it.each([
    ['as they are', []],
    ['with all that can be set', ['--set', 'nodeSelector.lightspeed=relay,priorityClassName=high,imagePullSecrets[0].name=key']],
  ] as const)('are those of Kubernetes, %s', async (_what, values) => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'release.yaml');
    writeFileSync(file, await release(...values));
    await expect(runTool(validator ?? '', ['--strict', '--quiet', file])).resolves.toBeDefined();
  });
});
