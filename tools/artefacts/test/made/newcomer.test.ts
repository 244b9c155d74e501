import { appendFileSync, copyFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ForeignProcess, temporaryFolder } from '@lightspeed/lab';
import { expect, it } from 'vitest';
import { manifestOf } from '../../src/base/workspace.ts';
import { Container } from '../support/container.ts';
import { NO_DEBIAN, makeDebian } from '../support/debian-root.ts';
import { commandsUnder, filledIn } from '../support/documented-commands.ts';
import { executeAnswering, succeed } from '../support/execute.ts';
import { singleFile } from '../support/made-programs.ts';
import { Outside } from '../support/outside.ts';
import { testPackage } from '../support/test-package.ts';

const START_MS = 60_000;
const USER = 'newcomer';
const GAME_PORT = 8303;
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;
const CLIENT = `${singleFile('lightspeed', `linux-${process.arch}`) ?? ''}.zst`;
const obstacle = NO_DEBIAN ?? (CLIENT === '.zst' ? 'not made: run pnpm artefacts single-file' : undefined);
const title = obstacle === undefined ? '' : ` (${obstacle})`;

/** What readers put in place of the version, the file's kind and the addresses in the pages. */
const OWN = (outside: Outside): [string, string][] => [
  ['lightspeed-proxy_0.0.0_amd64', `lightspeed-proxy_${manifestOf('proxy').version}_${ARCHITECTURE}`],
  ['lightspeed-0.0.0-linux-x64', `lightspeed-${manifestOf('client').version}-linux-${process.arch}`],
  ['203.0.113.9:8303', `${outside.ip}:${GAME_PORT}`],
];

/** A fresh Debian with somebody who may become root. @returns its folder, and the home in it */
async function machineOfNewcomer(folder: string, name: string): Promise<{ root: string; home: string }> {
  const root = await makeDebian(folder, name);
  await succeed('chroot', root, 'useradd', '--create-home', '--shell', '/bin/sh', USER);
  // As each installer does it; otherwise `sudo` waits for a name service.
  writeFileSync(join(root, 'etc/hosts'), `127.0.0.1 localhost ${hostname()} ${name}\n`);
  writeFileSync(join(root, 'etc/resolv.conf'), '');
  writeFileSync(join(root, 'etc/sudoers.d', USER), `${USER} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
  return { root, home: join(root, 'home', USER) };
}

it.skipIf(obstacle !== undefined)(
  `from nothing to a player who plays, by the commands of README alone${title}`,
  async ({ skip, annotate }) => {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder());
    const operator = await machineOfNewcomer(folder.path, 'operator');
    const player = await machineOfNewcomer(folder.path, 'player');
    const packed = await testPackage('deb', folder.path, manifestOf('proxy').version);
    copyFileSync(packed, join(operator.home, basename(packed)));
    copyFileSync(CLIENT, join(player.home, basename(CLIENT)));
    const container = await Container.boot(operator.root);
    if (container === undefined) return skip('systemd-nspawn cannot boot here');
    stack.use(container);
    const outside = stack.use(await Outside.beside(container));
    appendFileSync(join(player.root, 'etc/hosts'), `${outside.nodeIp} relay.example.net\n`);
    const own = new Map(OWN(outside));

    const asOperator = (line: string) => container.run('su', '--login', USER, '--command', line);

    let startedMs = performance.now();
    const said: string[] = [];
    for (const line of commandsUnder('README.md', 'Serve')) {
      const lineMs = performance.now();
      const { code, stdout, stderr } = await asOperator(filledIn(line, own));
      expect(code, `${line}: ${stderr}${stdout}`).toBe(0);
      said.push(stdout);
      await annotate(`${seconds(lineMs)} s: ${line}`);
      const [key] = /^lsi1_\S+$/m.exec(stdout) ?? [];
      if (key !== undefined) own.set('lsi1_...', key);
    }
    const [invitation = ''] = /^lightspeed:\/\/\S+$/m.exec(said.at(-1) ?? '') ?? [];
    await annotate(`operator: ${seconds(startedMs)} s from an empty machine to a line for a player`);
    expect(invitation).toContain('lightspeed://v1/relay.example.net:4433?pin=');
    own.set('lightspeed://v1/...', invitation);
    const status = await container.must('systemctl', 'status', '--full', 'lightspeed-proxy');
    expect(status).toContain('the node is serving');
    expect(status).toContain(`who has a ticket of ${own.get('lsi1_...')}`);

    const withoutNode = await asOperator('sudo lightspeed-proxy ticket issue --key issuer.pem --for bob --expires 1d --link');
    expect(withoutNode.stdout).toContain(`lightspeed://v1/${outside.nodeIp}:4433?pin=`);
    expect(await asOperator('lightspeed-proxy status')).toMatchObject({ code: 1, stderr: expect.stringContaining('or sudo') as string });

    const game = (...words: readonly string[]) => [
      ...outside.within,
      ...[
        process.execPath,
        '--conditions=@lightspeed/source',
        fileURLToPath(new URL('../support/game-main.ts', import.meta.url)),
        ...words,
      ],
    ];
    const [enter = '', ...server] = game('server', outside.ip, String(GAME_PORT));
    await using gameServer = new ForeignProcess(enter, server, process.env);
    await gameServer.line(/answers/, START_MS);
    const onMachine = (line: string) => [
      ...['--quiet', '-D', player.root, '--register=no', '--keep-unit', '--console=pipe', '--resolv-conf=off'],
      ...[`--network-namespace-path=${outside.namespace}`, 'su', '--login', USER, '--command', filledIn(line, own)],
    ];

    startedMs = performance.now();
    const lines = commandsUnder('README.md', 'Play');
    for (const line of lines.slice(0, -1)) {
      const { code, stdout, stderr } = await executeAnswering('y\n', 'systemd-nspawn', ...onMachine(line));
      expect(code, `${line}: ${stderr}${stdout}`).toBe(0);
    }
    await using playing = new ForeignProcess('systemd-nspawn', onMachine(lines.at(-1) ?? ''), process.env);
    await playing.line(/^connected /, START_MS);
    const pointed = await playing.line(/^point the game at /, START_MS);
    expect(pointed).toContain(`127.0.0.1:${GAME_PORT} `);
    expect((await succeed(...(game('player', String(GAME_PORT)) as [string, ...string[]]))).trim()).toBe('answered 50');
    await annotate(`player: ${seconds(startedMs)} s from the file to 50 of 50 datagrams`);
    expect(playing.lines).toContainEqual(expect.stringContaining('batch engine'));
  },
);

it('operating.md and playing.md begin with the commands of README', () => {
  expect(commandsUnder('docs/operating.md', 'From nothing to a player')).toEqual(commandsUnder('README.md', 'Serve'));
  expect(commandsUnder('docs/playing.md', 'Start', 1)).toEqual(commandsUnder('README.md', 'Play'));
});

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1_000).toFixed(1);
}
