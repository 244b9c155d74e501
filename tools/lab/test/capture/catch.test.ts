import { existsSync } from 'node:fs';
import { chown, mkdir, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { eventually } from '../support/eventually.ts';
import { PLAYER_UID, SERVERS, openCaptureStage } from './support/stage.ts';

const why = await whyNoNamespaces();
const END_MS = 90_000;
const DATAGRAMS = 40;
const ALL = DATAGRAMS * SERVERS.length;
const WHOLE = { sent: ALL, received: ALL, strange: 0 };
/** Where control groups of version 2 are beside version 1. */
const HYBRID = '/sys/fs/cgroup/unified';
const ROOT = existsSync(HYBRID) ? HYBRID : dirname(HYBRID);

describe.skipIf(why !== undefined)(`catch, in network namespaces${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  it('catches what a program begins that runs already, by its number', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    await stage.helper();
    await stage.offer({ datagrams: DATAGRAMS });
    const { program, release } = await stage.held();
    const catching = stage.lightspeed(['catch', '--json', '--pid', String(program.pid)]);
    await catching.line(/"event":"catching"/, END_MS);
    await release();
    expect(await program.report()).toMatchObject(WHOLE);
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.node.address]: ALL });
  });

  it('catches the new flows of a control group, and leaves those alone that it has', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    await stage.helper();
    const path = `lightspeed-test-${process.pid}.scope`;
    const group = join(ROOT, path);
    await mkdir(group);
    started.defer(() => eventually(() => rmdir(group)));
    await chown(group, PLAYER_UID, PLAYER_UID);
    const enter = ({ pid }: { readonly pid: number }) => writeFile(join(group, 'cgroup.procs'), String(pid));
    const before = await stage.held();
    const after = await stage.held();
    await Promise.all([before, after].map(({ program }) => enter(program)));
    await stage.offer({ datagrams: 6 * DATAGRAMS });
    await before.release();
    await eventually(async () => expect(Object.keys((await stage.matchmaker.seen()).udp)).toHaveLength(1));
    const catching = stage.lightspeed(['catch', '--json', '--cgroup', path]);
    await catching.line(/"event":"catching"/, END_MS);
    await after.release();
    for (const { program } of [before, after]) {
      expect(await program.report()).toMatchObject({ sent: 6 * ALL, received: 6 * ALL, strange: 0 });
    }
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.home.address]: 6 * ALL, [stage.node.address]: 6 * ALL });
  });

  it('says what it needs, and which applications there are', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    const nothing = stage.lightspeed(['catch']);
    expect(await nothing.exitCode()).toBe(2);
    expect(nothing.lines.join('\n')).toContain('--cgroup, --pid and --app');
    const unknown = stage.lightspeed(['catch', '--app', 'none-such']);
    expect(await unknown.exitCode()).toBe(1);
    expect(unknown.lines.join('\n')).toContain('no application none-such runs');
    // There is no helper either.
    const helpless = stage.lightspeed(['catch', '--pid', '4711']);
    expect(await helpless.exitCode()).toBe(1);
    expect(helpless.lines.join('\n')).toContain('sudo lightspeed setup');
  });
});
