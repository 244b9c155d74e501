import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { WORKSPACE, manifestOf } from '../../src/base/workspace.ts';

/*
 * Tries a client's single file on the system that it is for, also where tests do not run: its version, packets decoded, and a match by an open
 * node that runs from the sources. The argument is the file. It ends with exit code 1 at the first thing that is not as it must be.
 */

const START_MS = 60_000;
const ANSWER_MS = 5_000;
const DATAGRAMS = 50;
const LOOPBACK = '127.0.0.1';

const file = resolve(process.argv[2] ?? '');
check('version', said(['--version']).trim() === manifestOf('client').version);
check('decode', said(['decode', '-'], '0201000000000000').includes('a packet has at least 20 bytes, this has 8'));
const answered = await play();
check(`match: ${answered} of ${DATAGRAMS} datagrams came back`, answered === DATAGRAMS);

function check(what: string, isSo: boolean): void {
  process.stdout.write(`${isSo ? 'ok' : 'FAILED'}: ${what}\n`);
  if (!isSo) process.exit(1);
}

function said(words: readonly string[], input = ''): string {
  const { stdout, stderr, error } = spawnSync(file, words, { input, encoding: 'utf8', timeout: START_MS });
  if (error !== undefined) throw error;
  return stdout + stderr;
}

/** @returns how many datagrams came back to the game with their own bytes. */
async function play(): Promise<number> {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'lightspeed-try-'));
  const server = await openSocket();
  server.on('message', (payload, { port, address }) => server.send(payload, port, address));
  const where = ['--data-bind', `${LOOPBACK}:0`, '--http-bind', 'off', '--log-format', 'json', '--state-dir', folder.path];
  const main = join(WORKSPACE, 'apps/proxy/src/main.ts');
  const serve = ['serve', '--open', ...where, '--allow-destination', '127.0.0.0/8'];
  const node = spawn(process.execPath, ['--conditions=@lightspeed/source', main, ...serve], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { data } = JSON.parse(await lineOf(node, /"node serves"/)) as { data: string };
  const game = ['--listen', `${LOOPBACK}:0`, '--game-server', `${LOOPBACK}:${portOf(server)}`];
  const client = spawn(file, ['play', '--open', '--node', data, ...game], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [pointed] = await Promise.all([lineOf(client, /^point the game at /), lineOf(client, /^connected /)]);
  const count = await exchange(Number(/127\.0\.0\.1:(\d+)/.exec(pointed)?.[1]));
  await Promise.all([client, node].map(end));
  server.close();
  return count;
}

async function exchange(port: number): Promise<number> {
  const game = await openSocket();
  let count = 0;
  for (let number = 0; number < DATAGRAMS; number++) {
    const payload = Buffer.from(`datagram ${number}`);
    game.send(payload, port, LOOPBACK);
    const signal = AbortSignal.timeout(ANSWER_MS);
    const [received] = (await once(game, 'message', { signal }).catch(() => [undefined])) as [Buffer | undefined];
    if (received?.equals(payload) === true) count++;
  }
  game.close();
  return count;
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, LOOPBACK);
  await once(socket, 'listening');
  return socket;
}

function portOf(socket: Socket): number {
  return socket.address().port;
}

/** The first line that matches of what a program prints. What it prints is shown, too. */
async function lineOf({ stdout }: ChildProcess, pattern: RegExp): Promise<string> {
  if (stdout === null) throw new TypeError('the output of the program is not piped');
  const found = Promise.withResolvers<string>();
  createInterface(stdout).on('line', (line) => {
    process.stdout.write(`${line}\n`);
    if (pattern.test(line)) found.resolve(line);
  });
  const late = setTimeout(() => found.reject(new Error(`no ${pattern} in ${START_MS / 1_000} s`)), START_MS);
  return found.promise.finally(() => clearTimeout(late));
}

async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill();
  await closed;
}
