import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { codeBlocks } from './support/markdown.ts';
import { runProgram, serveNode } from './support/node-program.ts';
import { readPages } from './support/pages.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

const page = readFileSync(join(workspaceRoot, 'docs/operating.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'lightspeed-operating-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What `--check` prints of a file, without comments. */
async function checked(toml: string): Promise<string> {
  const file = join(mkdtempSync(join(folder, 'file-')), 'node.toml');
  writeFileSync(file, toml);
  const { ok, output } = await runProgram('lightspeed-proxy', ['serve', '--config', file, '--check']);
  if (!ok) throw new Error(output);
  return output.replace(/^#.*$/gm, '').trim();
}

const blocks = readPages(workspaceRoot).flatMap(({ path, text }) =>
  codeBlocks(text)
    .filter(({ language }) => language === 'toml')
    .map(({ code, line }) => ({ name: `${path}, line ${String(line)}`, path, code })),
);
/** Pages for players, whose files are those of clients. */
const OF_CLIENTS = ['docs/playing.md', 'apps/client/README.md'];
const files = blocks.filter(({ path }) => !OF_CLIENTS.includes(path));
const [gameLists, filesOfClients] = [true, false].map((isOfGames) =>
  blocks.filter(({ path, code }) => OF_CLIENTS.includes(path) && code.startsWith('[[games]]') === isOfGames),
);
/** What follows from the machine, so that no page can give its default. */
const OF_THE_MACHINE = ['node_id', 'state_dir'];
const [defaults] = files.filter(({ name }) => name.startsWith('docs/operating.md'));

test.concurrent.for(files)('a node accepts the configuration of $name', async ({ code }, { expect }) => {
  expect(await checked(code)).not.toBe('');
});

test.concurrent.for(filesOfClients)('a client accepts the settings of $name', async ({ code }, { expect }) => {
  const file = join(mkdtempSync(join(folder, 'file-')), 'config.toml');
  writeFileSync(file, code, { mode: 0o600 });
  // It reads the file first, and then refuses to be open to everybody.
  const { ok, output } = await runProgram('lightspeed', ['socks', '--config', file, '--listen', '0.0.0.0:1080']);

  expect({ ok, lines: output.trim().split('\n') }).toEqual({
    ok: false,
    lines: [expect.stringContaining('--listen 0.0.0.0:1080 can be reached')],
  });
});

test.for(gameLists)('a client knows the games of $name', async ({ code }) => {
  const settings = mkdtempSync(join(folder, 'games-'));
  mkdirSync(join(settings, 'lightspeed'));
  writeFileSync(join(settings, 'lightspeed', 'games.toml'), code);
  vi.stubEnv('XDG_CONFIG_HOME', settings);
  const names = [...code.matchAll(/^name = "(.*)"$/gm)].flatMap(([, name]) => ['--game', name ?? '']);
  const { ok, output } = await runProgram('lightspeed', ['config', 'sing-box', ...names]);
  vi.unstubAllEnvs();

  expect({ ok, output }).toEqual({ ok: true, output: expect.stringContaining('"process_name"') });
});

test('the first configuration file of the page is that of the defaults, every key of them', async () => {
  const uncommented = (defaults?.code ?? '').replace(/ +#.*$/gm, '');
  const keys = (toml: string): string[] => [...toml.matchAll(/^(\w+) =/gm)].map(([, key]) => key ?? '');

  const [here, nothing] = await Promise.all([checked(uncommented), checked('')]);

  expect(here).toBe(nothing);
  expect(keys(uncommented)).toEqual(keys(nothing).filter((key) => !OF_THE_MACHINE.includes(key)));
  expect(OF_THE_MACHINE.filter((key) => !(defaults?.code ?? '').includes(`# ${key}:`))).toEqual([]);
});

test('every metric and every key of /health stands on the page, and no other metric', async () => {
  const node = await serveNode(['--control-bind', '127.0.0.1:0', '--state-dir', 'off']);
  try {
    const metrics = [...(await node.get('/metrics')).matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name ?? '');
    const health = JSON.parse(await node.get('/health')) as { control: object };
    const keys = [...Object.keys(health), ...Object.keys(health.control)];
    const shown = [...page.matchAll(/`((?:lightspeed|process)_[a-z_]+)`/g)].map(([, name]) => name ?? '');

    expect([...new Set(shown)].sort()).toEqual([...metrics].sort());
    expect(keys.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
  } finally {
    await node.stop();
  }
});
