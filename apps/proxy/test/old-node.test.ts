import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FIRST_NODE, nodeFault } from '../src/base/required-node.ts';

const NAME = 'lightspeed-proxy';
/** What the program loads before it has looked at the version of Node. */
const LOADED_FIRST = ['main.ts', 'base/required-node.ts'];

/** A Node of this machine that is too old. */
function oldNode(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, 'node')).find((path) => existsSync(path) && nodeFault(versionOf(path)) !== undefined);
}

function versionOf(path: string): string {
  return execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1);
}

/** The program's first files as they are published, and behind them what only newer versions of Node can read. */
function firstFiles(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lightspeed-old-node-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'base'));
  mkdirSync(join(folder, 'cli'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const file of LOADED_FIRST) {
    const source = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8');
    writeFileSync(join(folder, file.replace(/ts$/, 'js')), stripTypeScriptTypes(source).replaceAll(/\.ts'/g, ".js'"));
  }
  for (const file of ['program.js', 'terminal.js']) writeFileSync(join(folder, 'cli', file), 'export await using;');
  return join(folder, 'main.js');
}

it('the version of Node that the program asks for is the one that its package asks for', () => {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { engines: { node: string } };
  expect(engines.node).toBe(`>=${FIRST_NODE}`);
});

it.each([`${FIRST_NODE}.0.0`, `${FIRST_NODE + 2}.10.0`, '100.1.0'])('Node %s is new enough', (version) => {
  expect(nodeFault(version)).toBeUndefined();
});

it.each(['0.12.18', '20.20.2', `${FIRST_NODE - 1}.11.1`])('Node %s is refused with what is needed', (version) => {
  expect(nodeFault(version)).toMatch(new RegExp(`^this needs Node ${FIRST_NODE} or newer, and runs on Node ${version}: install`));
});

const node = oldNode();
it.skipIf(node === undefined)(`an old Node says so in one line (skipped where no Node before ${FIRST_NODE} is installed)`, async () => {
  const { stdout, stderr, code } = await new Promise<{ stdout: string; stderr: string; code: unknown }>((resolve) => {
    execFile(node ?? '', [firstFiles(), '--version'], (error, out, err) => resolve({ stdout: out, stderr: err, code: error?.code }));
  });
  expect({ stdout, stderr, code }).toEqual({ stdout: '', stderr: `${NAME}: ${nodeFault(versionOf(node ?? ''))}\n`, code: 1 });
});
