import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { command } from '../../src/foreign-process.ts';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { eventually } from '../support/eventually.ts';
import {
  OTHER_ROOTLESS_UID as OTHER_UID,
  PLAYER_UID,
  ROOTLESS_UID as UID,
  SERVERS,
  TUN_FOR_ALL,
  openCaptureStage,
  traces,
} from './support/stage.ts';
import type { CaptureStage } from './support/stage.ts';

const END_MS = 90_000;
const DATAGRAMS = 40;
const ALL = DATAGRAMS * SERVERS.length;
const WHOLE = { sent: ALL, received: ALL, strange: 0 };
const why = (await whyNoNamespaces()) ?? (await command('pasta', ['--version']).then(() => undefined, String));

/** Defines a scene without the helper. */
function scene(what: string, carryOut: (stage: CaptureStage) => Promise<void>): void {
  it(what, { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    await carryOut(await openCaptureStage(started));
  });
}

/** What runs as a user: without programs that have ended already. */
async function processes(uid: number): Promise<readonly string[]> {
  const lines = await command('ps', ['-e', '-o', 'uid=,pid=,stat=,args=']);
  return lines.split('\n').filter((line) => new RegExp(`^\\s*${uid} +\\d+ +[^Z]`).test(line));
}

/** The number of a user's process. For a moment, what it starts is called as it is. */
function processOf(uid: number, pattern: RegExp): Promise<number> {
  return eventually(async () => {
    const found = (await processes(uid)).filter((line) => pattern.test(line));
    expect(found).toHaveLength(1);
    return Number(found[0].trim().split(/\s+/)[1]);
  });
}

async function expectNothingLeft(): Promise<void> {
  await eventually(async () => expect([...(await processes(UID)), ...(await processes(OTHER_UID))]).toEqual([]));
  expect(await command('find', ['/sys/fs/cgroup', '-name', `user-${UID}-*`])).toBe('');
}

describe.skipIf(why !== undefined)(`run --rootless, in network namespaces${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  scene('carries a game whose servers a matchmaker names, its children too, and leaves its TCP to the network', async (stage) => {
    await stage.offer({ datagrams: DATAGRAMS, inChild: true });
    const before = await traces(stage);
    const run = stage.rootless(['run', '--rootless', '--json', '--', ...stage.game], { uid: UID });
    expect(await run.report()).toMatchObject({ ...WHOLE, uid: UID });
    expect(await stage.matchmaker.seen()).toEqual({ udp: { [stage.node.address]: ALL }, tcp: [stage.home.address] });
    expect(await run.exitCode()).toBe(0);
    await expectNothingLeft();
    expect(await traces(stage)).toEqual(before);
  });

  scene('leaves direct flows to the kernel and pasta after their first datagrams', async (stage) => {
    await stage.offer({ datagrams: DATAGRAMS, inTurns: true });
    const run = stage.rootless(['run', '--rootless', '--json', '--always', 'direct', '--', ...stage.game], { uid: UID });
    expect(await run.report()).toMatchObject(WHOLE);
    const counts = JSON.parse(await run.line(/^\{"event":"captured"/, END_MS)) as Record<string, number>;
    expect(counts).toMatchObject({ answersRefused: 0 });
    expect(counts['caught']).toBeLessThanOrEqual(3 * SERVERS.length);
    expect(counts['caught'] + counts['direct']).toBe(ALL);
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.home.address]: ALL });
  });

  scene('serves two users at once, and neither other programs', async (stage) => {
    await stage.offer({ datagrams: DATAGRAMS });
    const runs = [UID, OTHER_UID].map((uid) => stage.rootless(['run', '--rootless', '--', ...stage.game], { uid }));
    const other = stage.plain();
    const reports = await Promise.all([...runs, other].map((run) => run.report()));
    expect(reports).toMatchObject([UID, OTHER_UID, PLAYER_UID].map((uid) => ({ ...WHOLE, uid })));
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.node.address]: 2 * ALL, [stage.home.address]: ALL });
  });

  it.each([
    ['lightspeed', /main\.ts run/],
    ['the helper', /namespace-main/],
  ])('goes on directly when %s is killed, and leaves nothing behind', { timeout: END_MS }, async (_, victim) => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    const before = await traces(stage);
    const perSecond = 100;
    await stage.offer({ datagrams: 4 * perSecond, perSecond });
    const run = stage.rootless(['run', '--rootless', '--json', '--', ...stage.game], { uid: UID });
    await run.line(/^\{"event":"stats"/, END_MS);
    process.kill(await processOf(UID, victim), 'SIGKILL');
    const killedAt = await stage.playedRounds();
    const { strange, lastLost } = await run.report();
    expect(strange).toBe(0);
    // The rest of the match is whole. On a busy machine the kill may come late.
    expect(lastLost).toBeLessThan(Math.max(2 * perSecond, killedAt + perSecond));
    expect(Object.keys((await stage.matchmaker.seen()).udp).sort()).toEqual([stage.home.address, stage.node.address].sort());
    await expectNothingLeft();
    expect(await traces(stage)).toEqual(before);
  });

  scene('leaves no pasta when what keeps it is killed', async (stage) => {
    await stage.offer({ datagrams: 10_000 });
    const run = stage.rootless(['run', '--rootless', '--json', '--', ...stage.game], { uid: UID });
    await run.line(/^\{"event":"stats"/, END_MS);
    // Processes whose command begins so, as `ps` shows them.
    const of = async (words: string) =>
      (await processes(UID)).filter((line) => line.trim().split(/\s+/).slice(3).join(' ').startsWith(words));
    expect(await of('pasta ')).toHaveLength(1);
    for (const line of await of('/bin/sh -c exec 3<&0')) process.kill(Number(line.trim().split(/\s+/)[1]), 'SIGKILL');
    await eventually(async () => expect(await of('pasta ')).toEqual([]));
    process.kill(await processOf(UID, /main\.ts run/), 'SIGINT');
    await run.exitCode();
    await expectNothingLeft();
  });

  scene('ends the game and all the rest when the user ends it', async (stage) => {
    await stage.offer({ datagrams: 10_000 });
    const run = stage.rootless(['run', '--rootless', '--json', '--', ...stage.game], { uid: UID });
    await run.line(/^\{"event":"stats"/, END_MS);
    process.kill(await processOf(UID, /main\.ts run/), 'SIGINT');
    expect(await run.exitCode()).toBe(128 + constants.signals.SIGTERM);
    await expectNothingLeft();
  });

  scene('leaves nothing behind when it is killed before the game starts', async (stage) => {
    await stage.node.program.kill();
    const run = stage.rootless(['run', '--rootless', '--', 'sh', '-c', 'echo played'], { uid: UID });
    // It waits for the node; the game waits for it.
    await processOf(UID, /namespace-main/);
    process.kill(await processOf(UID, /main\.ts run/), 'SIGKILL');
    await expectNothingLeft();
    expect(run.lines).not.toContain('played');
  });

  scene('gives the game no rights, its exit code, and the network to what it leaves behind', async (stage) => {
    const perSecond = 100;
    await stage.offer({ datagrams: 4 * perSecond, perSecond });
    const game = ['/bin/sh', '-c', 'grep CapEff /proc/self/status; nft list ruleset || echo refused; "$@" & exit 7', 'game', ...stage.game];
    const run = stage.rootless(['run', '--rootless', '--', ...game], { uid: UID });
    expect(await run.line(/^CapEff/, END_MS)).toMatch(/^CapEff:\s+0+$/);
    await run.line(/^refused/, END_MS);
    const { strange, lastLost } = await run.report();
    expect(strange).toBe(0);
    // It plays on, directly, when the first one has ended.
    expect(lastLost).toBeLessThan(2 * perSecond);
    expect(await run.exitCode()).toBe(7);
    await expectNothingLeft();
  });

  scene('starts the game all the same when the node does not answer', async (stage) => {
    await stage.offer({ datagrams: DATAGRAMS });
    await stage.node.program.kill();
    const run = stage.rootless(['run', '--rootless', '--', ...stage.game], { uid: UID });
    expect(await run.report()).toMatchObject(WHOLE);
    expect(run.lines.some((line) => line.includes('the game goes on without LightSpeed'))).toBe(true);
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.home.address]: ALL });
    await expectNothingLeft();
  });

  scene('tells the game the name servers behind a resolver of the machine', async (stage) => {
    const first = `${TUN_FOR_ALL}
echo nameserver 127.0.0.53 > "$0/stub"; mount --bind "$0/stub" /etc/resolv.conf
mount -t tmpfs tmpfs /run; mkdir -p /run/systemd/resolve; echo nameserver 192.0.2.53 > /run/systemd/resolve/resolv.conf`;
    const run = stage.rootless(['run', '--rootless', '--', 'cat', '/etc/resolv.conf'], { uid: UID, first });
    await run.line(/^nameserver 192\.0\.2\.53$/, END_MS);
  });

  it.each([
    ['pasta', 'mount --bind /dev/null "$(readlink -f /usr/bin/pasta)"', /there is no pasta; .* sudo apt install passt/],
    [
      '/dev/net/tun',
      // Some machines let everybody use it.
      'mknod -m 600 "$0/closed" c 10 200 2>/dev/null; mount --bind "$0/closed" /dev/net/tun',
      /you may not use \/dev\/net\/tun/,
    ],
    [
      'user namespaces',
      'echo 0 > "$0/none"; mount --bind "$0/none" /proc/sys/user/max_user_namespaces; mount --bind /bin/false /usr/bin/unshare',
      /does not let you make user namespaces .*; allow it: sudo sysctl user\.max_user_namespaces=/,
    ],
  ])('says that %s is missing, also by doctor, and starts the game', { timeout: END_MS }, async (_, first, message) => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    await stage.offer({ datagrams: DATAGRAMS });
    const run = stage.rootless(['run', '--rootless', '--', ...stage.game], { uid: UID, first });
    expect(await run.report()).toMatchObject(WHOLE);
    expect(await run.line(message, END_MS)).toBeDefined();
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.home.address]: ALL });
    const doctor = stage.rootless(['doctor'], { uid: UID, first });
    expect(await doctor.line(/run --rootless/, END_MS)).toMatch(message);
    await expectNothingLeft();
  });

  scene('is said to work by doctor', async (stage) => {
    const doctor = stage.rootless(['doctor'], { uid: UID });
    expect(await doctor.line(/run --rootless/, END_MS)).toMatch(/^ok .*a trial has passed/);
    await doctor.exitCode();
    await expectNothingLeft();
  });
});
