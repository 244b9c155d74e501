import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatInvitation } from '@lightspeed/security';
import { sha256 } from '@lightspeed/security/node';
import { describe, expect, it } from 'vitest';
import { command } from '../../src/foreign-process.ts';
import { temporaryFolder } from '../../src/leftovers.ts';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { CONTROL_PORT } from '../namespaces/scene.ts';
import { eventually } from '../support/eventually.ts';
import { installPacked } from './support/packed.ts';
import { NODE_NAME, openRealGame, whyNoRealGame } from './support/real-game.ts';
import { openCaptureStage, traces } from './support/stage.ts';

const why = (await whyNoNamespaces()) ?? whyNoRealGame();
const END_MS = 360_000;
/** From the first command to the game, download aside. */
const MOST_MS = 120_000;
const PAGE = await readFile(new URL('../../../../docs/playing.md', import.meta.url), 'utf8');
const SUDO = 'sudo ';
/** Writable places of the system's, which a machine of its own has for itself; without systemd. */
const OWN_PLACES = ['/usr/local/lib', '/run'].map((place) => `mount -t tmpfs none ${place}`).join(' && ');
const SLICE = '"$(findmnt -n -o TARGET -t cgroup2 | head -1)"/lightspeed.slice';
/** A place in control groups that others cannot remove, since a program is in it, and in its stead groups that others do not see. */
const OWN_GROUPS = ['mkdir -p $SLICE/$1 ${SLICE%/*}/$1', 'echo 0 > $SLICE/$1/cgroup.procs', 'mount --bind ${SLICE%/*}/$1 $SLICE'].join(
  ' && ',
);

describe.skipIf(why !== undefined)(`a newcomer${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  it('comes from packed packages to a caught game by the commands of docs/playing.md', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const { path } = started.use(await temporaryFolder());
    await chmod(path, 0o755);
    const programs = await installPacked(path);
    const stage = await openCaptureStage(started);
    const home = join(path, 'home');
    const game = await openRealGame(started, stage, home);
    const node = { host: NODE_NAME, port: CONTROL_PORT };
    const invitation = formatInvitation({ node, pin: stage.node.program.pin, ticket: stage.scene.ticket(), issuer: undefined }, sha256);
    // A machine whose processes end with it, whatever a command has left running.
    const name = `lightspeed-lab-${process.pid}`;
    started.defer(async () => void (await command('sh', ['-c', `rmdir ${SLICE}/${name} ${SLICE}/../${name}`])));
    const mounts = `SLICE=${SLICE}; mount --bind "$0" /etc/hosts && ${OWN_GROUPS} && ${OWN_PLACES} && echo ready && exec sleep infinity`;
    const own = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', mounts, game.hosts, name];
    const machine = stage.program(own, { uid: 0 });
    await machine.line(/^ready/, END_MS);
    const [init] = (await readFile(`/proc/${machine.pid}/task/${machine.pid}/children`, 'utf8')).split(' ');
    const environment = [...game.settings, `PATH=${programs}:/usr/games:/usr/sbin:/usr/bin:/sbin:/bin`];
    const around = ['nsenter', '--target', init, '--mount', '--pid', 'env', `--chdir=${home}`, ...environment];
    /** Types a command of the page, with the line that an operator has sent in place of that of the page. Says yes. */
    const type = (line: string) => {
      expect(PAGE).toContain(line);
      const isRoot = line.startsWith(SUDO);
      const typed = line.slice(isRoot ? SUDO.length : 0).replace(/"lightspeed:.*"/, `--yes "${invitation}"`);
      return stage.program(['sh', '-c', typed], { uid: isRoot ? 0 : undefined, around });
    };
    const succeeds = async (line: string) => {
      const typed = type(line);
      expect([await typed.exitCode(), typed.lines]).toEqual([0, expect.anything()]);
    };

    const before = await traces(stage);
    const startMs = performance.now();
    await succeeds(/^lightspeed import .*$/m.exec(PAGE)?.[0] ?? 'there is no import');
    await succeeds('sudo lightspeed setup');
    await succeeds('lightspeed doctor');
    // The first match at a server goes directly: nothing is known of it yet.
    const run = type('lightspeed run --always node -- teeworlds');
    expect(await game.join(run)).toContain(`addr=${stage.node.address}:`);
    const tookMs = performance.now() - startMs;
    console.log(`a newcomer was in the game after ${Math.round(tookMs / 1_000)} s`);
    expect(tookMs).toBeLessThan(MOST_MS);
    await run.endedBy('SIGTERM', END_MS);
    await succeeds('sudo lightspeed setup --remove');
    await eventually(async () => expect(await traces(stage)).toEqual(before));
    // Neither files nor groups nor programs are left.
    const look = `find /usr/local/lib /run ${SLICE} -mindepth 1 ! -path '*lightspeed.slice/*.*'; readlink /proc/[0-9]*/exe | grep lightspeed`;
    await eventually(async () => {
      const looking = stage.program(['sh', '-c', look], { uid: 0, around });
      await looking.exitCode();
      expect(looking.lines).toEqual([]);
    });
  });
});
