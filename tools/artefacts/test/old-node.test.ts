import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { FIRST_NODE, nodeFault } from '@lightspeed/commands/required-node';
import { expect, it, onTestFinished } from 'vitest';
import { WORKSPACE } from '../src/base/workspace.ts';

const APPS = [
  ['client', 'lightspeed'],
  ['proxy', 'lightspeed-proxy'],
] as const;
const COMMANDS = 'node_modules/@lightspeed/commands';

/** A Node of this machine that is too old. */
function oldNode(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, 'node')).find((path) => existsSync(path) && nodeFault(versionOf(path)) !== undefined);
}

function versionOf(path: string): string {
  return execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1);
}

/** What a program loads before it has looked at the version, as it is published, and behind that what only newer versions can read. */
function firstFiles(app: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'lightspeed-old-node-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const published = (file: string) =>
    stripTypeScriptTypes(readFileSync(join(WORKSPACE, file), 'utf8')).replaceAll(/(?<='\.[^']*)\.ts'/g, ".js'");
  write('package.json', '{ "type": "module" }');
  write('main.js', published(`apps/${app}/src/main.ts`));
  write(`${COMMANDS}/package.json`, '{ "type": "module", "exports": { "./required-node": "./required-node.js" } }');
  write(`${COMMANDS}/required-node.js`, published('packages/commands/src/required-node.ts'));
  for (const file of ['program.js', 'terminal.js']) write(`cli/${file}`, 'export await using;');
  return join(folder, 'main.js');
}

it.each([...APPS.map(([app]) => `apps/${app}`), 'packages/commands'])(
  '%s asks for the version of Node that the programs ask for',
  (path) => {
    const { engines } = JSON.parse(readFileSync(join(WORKSPACE, path, 'package.json'), 'utf8')) as { engines: { node: string } };
    expect(engines.node).toBe(`>=${FIRST_NODE}`);
  },
);

const node = oldNode();
it.skipIf(node === undefined).each(APPS)(
  `on an old Node the %s says so in one line (skipped where no Node before ${FIRST_NODE} is installed)`,
  async (app, name) => {
    const { stdout, stderr, code } = await new Promise<{ stdout: string; stderr: string; code: unknown }>((resolve) => {
      execFile(node ?? '', [firstFiles(app), '--version'], (error, out, err) => resolve({ stdout: out, stderr: err, code: error?.code }));
    });
    expect({ stdout, stderr, code }).toEqual({ stdout: '', stderr: `${name}: ${nodeFault(versionOf(node ?? ''))}\n`, code: 1 });
  },
);
