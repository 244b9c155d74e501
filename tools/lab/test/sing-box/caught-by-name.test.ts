import { copyFile, link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatTicket } from '@lightspeed/security';
import { parseIpv4 } from '@lightspeed/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ForeignProcess, command } from '../../src/foreign-process.ts';
import { TemporaryFolder } from '../../src/leftovers.ts';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { openScene } from '../namespaces/scene.ts';
import { findSingBox } from './support/find-sing-box.ts';

/** Of a range for documentation: private addresses are never caught, not even by mistake. */
const [SERVER, NODE] = ['198.51.100.9', '198.51.100.10'];
/** The third one is STUN's, which is never caught. */
const [GAME_PORT, OTHER_PORT, STUN_PORT] = ['27015', '30000', '3478'];
const START_MS = 60_000;
const CLIENT = fileURLToPath(new URL('./main.ts', import.meta.resolve('@lightspeed/client')));
const main = (name: string) => fileURLToPath(new URL(`./support/${name}-main.ts`, import.meta.url));

const singBox = findSingBox();
const why = singBox === undefined ? 'there is no sing-box; .ci/run builds it' : await whyNoNamespaces();
const notRun = why === undefined ? '' : ` (not run: ${why})`;

describe(`the configuration of sing-box for a game${notRun}`, () => {
  if (why !== undefined || singBox === undefined) {
    it.skip('catches it', () => undefined);
    return;
  }
  const started = new AsyncDisposableStack();
  let folder = '';
  let within: readonly string[] = [];
  let node: string;
  let player: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    const scene = await openScene(started);
    folder = started.use(await TemporaryFolder.open()).path;
    const [host, nodeHost] = [await scene.internet.machine(), await scene.internet.machine()];
    for (const [machine, address] of [
      [host, SERVER],
      [nodeHost, NODE],
    ] as const) {
      await machine.in.ip(`address add ${address}/32 dev lo`);
      await scene.internet.router.ip(`route add ${address}/32 via ${machine.address}`);
    }
    const server = startIn(host.in.within, process.execPath, [main('server'), SERVER, GAME_PORT, OTHER_PORT, STUN_PORT]);
    await server.line(/^ready$/, START_MS);

    const relay = await scene.node('node', {
      host: { ...nodeHost, address: NODE, ip: parseIpv4(NODE) ?? 0 },
      flags: ['--allow-destination', `${SERVER}/32`],
    });
    const { in: machine, address } = await scene.internet.machine();
    [within, node, player] = [machine.within, nodeHost.address, address];
    env = { ...process.env, XDG_CONFIG_HOME: folder };
    await mkdir(join(folder, 'lightspeed'));
    const settings = `[[nodes]]\nnode = "${relay.address}"\npin = "${relay.program.pinText}"\nticket = "${formatTicket(scene.ticket())}"\n`;
    await writeFile(join(folder, 'lightspeed', 'config.toml'), settings, { mode: 0o600 });
    // By its name, LightSpeed itself would be this game.
    const games = '[[games]]\nname = "Everything of Node"\nprocesses = ["node"]\n';
    await writeFile(join(folder, 'lightspeed', 'games.toml'), games);
    const socks = startIn(within, process.execPath, ['--conditions=@lightspeed/source', CLIENT, 'socks']);
    await socks.line(/^connected after/, START_MS);
  }, 2 * START_MS);
  afterAll(() => started.disposeAsync());

  function startIn(where: readonly string[], program: string, args: readonly string[]): ForeignProcess {
    const [first, ...rest] = [...where, program, ...args];
    return started.use(new ForeignProcess(first, rest, env, folder));
  }

  /** What servers see of a program that has this name. */
  async function seen(name: string): Promise<string[]> {
    const file = join(folder, name);
    await link(process.execPath, file).catch(() => copyFile(process.execPath, file));
    const game = startIn(within, file, [main('game'), SERVER, `${GAME_PORT},${OTHER_PORT}`, STUN_PORT]);
    await Promise.all(
      [GAME_PORT, OTHER_PORT, STUN_PORT].flatMap((port) => ['udp', 'tcp'].map((by) => game.line(new RegExp(`^${by} ${port} `), START_MS))),
    );
    return game.lines.toSorted();
  }

  /** What servers see if the game ports are caught, or not. */
  const seenBy = (udp: string) => [
    `tcp ${GAME_PORT} sees ${player}`,
    `tcp ${OTHER_PORT} sees ${player}`,
    `tcp ${STUN_PORT} sees ${player}`,
    `udp ${GAME_PORT} sees ${udp}`,
    `udp ${OTHER_PORT} sees ${udp}`,
    `udp ${STUN_PORT} sees ${player}`,
  ];

  /** Starts sing-box with what LightSpeed prints for a game. */
  async function caught(game: string): Promise<ForeignProcess> {
    const args = ['--conditions=@lightspeed/source', CLIENT, 'config', 'sing-box', '--game', game];
    const file = join(folder, 'sing-box.json');
    await writeFile(file, await command('env', [`XDG_CONFIG_HOME=${folder}`, process.execPath, ...args]));
    const program = startIn(within, singBox ?? '', ['run', '-c', file, '-D', folder]);
    const isUp = async () => (await command('ip', ['-n', within.at(-1) ?? '', 'rule'])).includes('lookup 2022');
    await expect.poll(isUp, { timeout: START_MS }).toBe(true);
    return program;
  }

  it('catches its UDP by every port, and not its TCP, nor another program, nor LightSpeed itself', { timeout: 4 * START_MS }, async () => {
    expect(await seen('before')).toEqual(seenBy(player));
    await using _singBox = await caught('CS2');
    expect(await seen('cs2')).toEqual(seenBy(node));
    expect(await seen('another')).toEqual(seenBy(player));
  });

  it('does not catch LightSpeed itself, though a game has the same name', { timeout: 4 * START_MS }, async () => {
    await using _singBox = await caught('Everything of Node');
    expect(await seen('node')).toEqual(seenBy(node));
  });
});
