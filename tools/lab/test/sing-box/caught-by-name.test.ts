import { copyFile, link, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../src/leftovers.ts';
import type { GameAddress } from '../capture/support/matchmaking.ts';
import { PLAYER_UID, Program, SERVERS, openCaptureStage } from '../capture/support/stage.ts';
import type { CaptureStage } from '../capture/support/stage.ts';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { findSingBox } from './support/find-sing-box.ts';

const STUN_SERVERS: readonly GameAddress[] = [{ ip: SERVERS[0].ip, port: 3_478 }];
/** Names that the game has. */
const PROGRAMS = ['cs2', 'another', 'node'] as const;
const DATAGRAMS = 40;
const START_MS = 60_000;

const singBox = findSingBox();
const why = singBox === undefined ? 'there is no sing-box; .ci/build-sing-box builds it' : await whyNoNamespaces();

describe.skipIf(why !== undefined)(`the configuration of sing-box for a game${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  const started = new AsyncDisposableStack();
  let folder = '';
  let stage: CaptureStage;

  beforeAll(async () => {
    stage = await openCaptureStage(started);
    await stage.matchmaker.serve(STUN_SERVERS);
    folder = started.use(await temporaryFolder()).path;
    for (const name of PROGRAMS) {
      const file = join(folder, name);
      await link(process.execPath, file).catch(() => copyFile(process.execPath, file));
    }
    // By its name, LightSpeed itself would be this game.
    const games = '[[games]]\nname = "Everything of Node"\nprocesses = ["node"]\n';
    await writeFile(join(stage.folderOf(PLAYER_UID), '.config', 'lightspeed', 'games.toml'), games);
  }, 2 * START_MS);
  afterAll(() => started.disposeAsync());

  function startAtHome(program: string, args: readonly string[]): Program {
    const [first, ...rest] = [...stage.home.in.within, program, ...args];
    return started.use(new Program(first, rest, process.env, folder));
  }

  /** Starts sing-box with what LightSpeed prints for a game, and then `lightspeed socks`. */
  async function caught(game: string): Promise<AsyncDisposableStack> {
    const printed = stage.lightspeed(['config', 'sing-box', '--game', game]);
    expect(await printed.exitCode()).toBe(0);
    const file = join(folder, 'sing-box.json');
    await writeFile(file, printed.lines.join('\n'));
    const both = new AsyncDisposableStack();
    both.use(startAtHome(singBox ?? '', ['run', '-c', file, '-D', folder]));
    await expect.poll(() => stage.home.in.run('ip', ['rule']), { timeout: START_MS }).toContain('lookup 2022');
    await both.use(stage.lightspeed(['socks'])).line(/^connected after/, START_MS);
    return both;
  }

  /** Plays as a program of this name. @returns what was lost, and from where the servers were reached */
  async function played(name: (typeof PROGRAMS)[number], servers: readonly GameAddress[] = SERVERS): Promise<object> {
    await stage.offer({ servers, datagrams: DATAGRAMS });
    const { sent, received, strange } = await startAtHome(join(folder, name), stage.game.slice(1)).report();
    return { lost: sent - received, strange, ...(await stage.matchmaker.seen()) };
  }

  /** All datagrams came from this address and were answered, and TCP came from home. */
  const wholeBy = (address: string, servers: readonly GameAddress[] = SERVERS) => {
    return { lost: 0, strange: 0, udp: { [address]: servers.length * DATAGRAMS }, tcp: [stage.home.address] };
  };

  it('catches its UDP to any server, and not its TCP, nor STUN, nor another program', { timeout: 4 * START_MS }, async () => {
    await using _both = await caught('CS2');
    expect(await played('cs2')).toEqual(wholeBy(stage.node.address));
    expect(await played('cs2', STUN_SERVERS)).toEqual(wholeBy(stage.home.address, STUN_SERVERS));
    expect(await played('another')).toEqual(wholeBy(stage.home.address));
  });

  it('does not catch LightSpeed itself, though a game has the same name', { timeout: 4 * START_MS }, async () => {
    await using _both = await caught('Everything of Node');
    expect(await played('node')).toEqual(wholeBy(stage.node.address));
  });
});
