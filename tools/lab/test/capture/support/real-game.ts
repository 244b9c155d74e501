import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseIpv4 } from '@lightspeed/wire';
import { vi } from 'vitest';
import { findProgram } from '../../../src/find-program.ts';
import { ForeignProcess, command } from '../../../src/foreign-process.ts';
import { temporaryFolder } from '../../../src/leftovers.ts';
import { TeeworldsServer, findTeeworlds } from '../../teeworlds/server.ts';
import { MATCHMAKER, PLAYER_UID } from './stage.ts';
import type { CaptureStage } from './stage.ts';
import { MASTER_NAMES } from './teeworlds-master.ts';

/** The node's name in `docs/playing.md`. */
export const NODE_NAME = 'relay.example.net';
const SERVER = { ip: '8.8.4.5', port: 8_303 };
const START_MS = 30_000;
// A small picture, seldom drawn: without a graphics card that is what costs most.
const SETTINGS = 'cl_show_welcome 0\ngfx_fullscreen 0\ngfx_screen_width 320\ngfx_screen_height 240\ngfx_limitfps 1\ngfx_maxfps 30\n';
/** A server bans who begins and ends within a second for a minute. */
const PRESS_MS = 1_000;
const JOIN_MS = 100_000;
const ENTERED = /player has entered the game/;
const NEEDED = ['Xvfb', 'xdotool'];

/** @returns why no real game can be played here, or undefined. */
export function whyNoRealGame(): string | undefined {
  const found = findTeeworlds();
  const missing = NEEDED.find((name) => findProgram(name) === undefined);
  return typeof found === 'string' ? found : missing === undefined ? undefined : `${missing} is not installed`;
}

/**
 * Debian's Teeworlds with its server, and a master server that lists that. The player never types an address: the game asks the
 * masters, whose names lead to the stage's matchmaker, and the player takes what the list has.
 * @param home the player's own folder
 */
export async function openRealGame(started: AsyncDisposableStack, stage: CaptureStage, home = stage.folderOf(PLAYER_UID)) {
  const programs = findTeeworlds();
  if (typeof programs === 'string') throw new Error(programs);
  const { path } = started.use(await temporaryFolder());
  await chmod(path, 0o755);
  const place = { address: { ip: parseIpv4(SERVER.ip) ?? 0, port: SERVER.port }, within: stage.server.in.within };
  const server = await TeeworldsServer.start(started, programs.server, path, place);
  await stage.matchmaker.list(MATCHMAKER.ip, [SERVER]);
  const hosts = join(path, 'hosts');
  const names = [
    `127.0.0.1 localhost version.teeworlds.com`,
    `${MATCHMAKER.ip} ${MASTER_NAMES.join(' ')}`,
    `${stage.node.address} ${NODE_NAME}`,
  ];
  await writeFile(hosts, `${names.join('\n')}\n`);
  const own = join(home, '.local', 'share', 'teeworlds');
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'autoexec.cfg'), SETTINGS);
  await command('chown', ['-R', `${PLAYER_UID}:${PLAYER_UID}`, home]);
  const screen = started.use(
    new ForeignProcess('Xvfb', ['-displayfd', '1', '-ac', '-nolisten', 'tcp', '-screen', '0', '640x480x24'], process.env, path),
  );
  const display = `DISPLAY=:${await screen.line(/^\d+$/, START_MS)}`;
  const settings = [display, `HOME=${home}`, 'LIBGL_ALWAYS_SOFTWARE=1', 'SDL_AUDIODRIVER=dummy'];
  return {
    server,
    words: [programs.client],
    /** The names of masters and node, in place of `/etc/hosts`. */
    hosts,
    /** What a game needs in its environment: a screen and a home. */
    settings,
    /** What the game needs of its machine, in mounts of its own. */
    around: ['env', ...settings, 'unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts],
    /** Takes the list's first server by the keyboard, and waits until the player is in the game. @returns the server's line */
    join: async (game: ForeignProcess): Promise<string> => {
      await game.line(/initialisation finished/, START_MS);
      await vi.waitFor(
        async () => {
          if (server.lines.some((line) => ENTERED.test(line))) return;
          // Where nothing is chosen yet, the game tries this machine: the next key ends that.
          const state = game.lines.findLast((line) => /\[client\]: (dis)?connecting /.test(line)) ?? '';
          if (!state.includes(` connecting to '${SERVER.ip}`)) await command('env', [display, 'xdotool', 'key', 'Down', 'Return']);
          throw new Error(`the player is not in the game: ${state}`);
        },
        { timeout: JOIN_MS, interval: PRESS_MS },
      );
      return server.playerEntered(START_MS);
    },
  };
}
