import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLoopbackSocket, temporaryFolder, watch } from '@lightspeed/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestOf } from '../../src/base/workspace.ts';
import { bareEnvironment, singleFile } from '../support/made-programs.ts';
import type { MadePrograms } from '../support/made-programs.ts';
import { MadeNode, issueTicket } from '../support/made-node.ts';
import { exchange } from '../support/match.ts';
import { NO_WINE, WINDOWS_CLIENT } from '../support/wine-root.ts';
import type { WineConsole } from '../support/wine-console.ts';
import { Wine } from '../support/wine.ts';

const PROXY = singleFile('lightspeed-proxy', `linux-${process.arch}`);
const obstacle = NO_WINE ?? (PROXY === undefined ? 'no node was made: run pnpm artefacts single-file' : undefined);
const title = obstacle === undefined ? '' : ` (${obstacle})`;
/** The first run fetches Wine. */
const START_MS = 900_000;
const MEASURED_MS = 60_000;
const FOLDER = 'Spiele von Jörg';
const TICKET = 'Einladung für Jörg.txt';
const KNOWN_NODES = 'users/root/AppData/Local/lightspeed/known-nodes';
const OTHER_PIN = 'sha256//mN1ArP3y0m8GS+GPe0dC6iPYzYqUlDJrJtJg6S2XnBQ=';
const KEEPALIVE = ['11000005000F4240', '0000000000000000', '00000000'];
const NOWHERE = ['--game-server', '127.0.0.1:9'];

describe.skipIf(obstacle !== undefined)(`the client's file for Windows, under Wine${title}`, () => {
  const stack = new AsyncDisposableStack();
  let folder: string;
  let programs: MadePrograms;
  let wine: Wine;
  let issuerKey: string;
  /** Options with an echoing game server. */
  let game: readonly string[];
  const ticket = ['--ticket', `C:\\${FOLDER}\\${TICKET}`];

  beforeAll(async () => {
    folder = stack.use(await temporaryFolder()).path;
    programs = { client: [], proxy: [PROXY ?? ''], env: bareEnvironment(folder) };
    wine = stack.use(await Wine.start(WINDOWS_CLIENT, FOLDER, folder));
    const issued = await issueTicket(programs, folder);
    ({ issuerKey } = issued);
    // As mail programs and editors of Windows save it.
    writeFileSync(join(wine.driveC, FOLDER, TICKET), `\ufeff${readFileSync(issued.ticketFile, 'utf8').replaceAll('\n', '\r\n')}`);
    const server = stack.use(await openLoopbackSocket());
    server.on('message', (payload, { port, address }) => server.send(payload, port, address));
    game = ['--listen', '127.0.0.1:0', '--game-server', `127.0.0.1:${server.address().port}`];
  }, START_MS);
  afterAll(() => stack.disposeAsync());

  /** A node that lets in who has a ticket. @param name of the folder with its key */
  const startNode = (name = 'node', control = '127.0.0.1:0', options: readonly string[] = []) =>
    MadeNode.start(programs, join(folder, name), ['--issuer-key', issuerKey, '--control-bind', control, ...options]);

  /** Plays 50 datagrams by a client that was started. @returns how many were answered */
  async function played(client: WineConsole): Promise<number> {
    const port = await client.printed(/^point the game at 127\.0\.0\.1:(\d+) /m);
    await client.printed(/^connected /m);
    return exchange(Number(port));
  }

  it('says its version, and what its commands are', async () => {
    expect(await wine.run(['--version'])).toEqual({ code: 0, stdout: `${manifestOf('client').version}\n`, stderr: '' });
    expect(await wine.run(['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Usage: lightspeed /) as string,
      stderr: '',
    });
  });

  it('decodes text with the ends of lines that Windows has', async () => {
    const decoded = await wine.run(['decode', '-'], `${KEEPALIVE.join(' ')}\r\n\r\n${KEEPALIVE.join(' ')}\r\n`);

    expect(decoded.code, decoded.stderr).toBe(0);
    expect(decoded.stdout.match(/KEEPALIVE/g)).toHaveLength(2);
  });

  it('carries 50 of 50 datagrams through an open node, and ends on Ctrl-C with its last lines', async () => {
    await using node = await MadeNode.start(programs, join(folder, 'open'), ['--open']);
    await using client = wine.console(['play', '--open', '--node', node.said.data, ...game]);

    expect(await played(client)).toBe(50);
    expect(await client.interrupted()).toBe(0);
    expect(client.text).toMatch(/^\d+ s: 50 datagrams up \([\d.]+ kB\), 50 down \([\d.]+ kB\)$/m);
    expect(client.text).toMatch(/^packets down: lost 0 of 50;/m);
  });

  it('registers with a ticket and a pin by portable QUIC, and carries 50 of 50 datagrams', async () => {
    await using node = await startNode();
    await using client = wine.console(['play', '--node', node.said.control, '--pin', node.said.pin, ...ticket, ...game]);

    expect(await played(client)).toBe(50);
    expect(client.text).toMatch(/^node 127\.0\.0\.1:\d+: registered with /m);
    const status = await wine.run(['status']);
    expect(status.stdout + status.stderr).toContain('lightspeed play: ');
    const page = await client.printed(/^live page: (http:\S+)/m);
    expect((await fetch(page)).status).toBe(200);
    expect(await client.interrupted()).toBe(0);
  });

  it('goes on when the way to the game server is measured, which needs Linux for some kinds of probes', async () => {
    await using node = await startNode('node', '127.0.0.1:0', ['--http-bind', '127.0.0.1:0']);
    await using client = wine.console(['play', '--node', node.said.control, '--pin', node.said.pin, ...ticket, ...game]);
    expect(await played(client)).toBe(50);
    const isAsked = async () =>
      /^lightspeed_probes_(total|refused_total)\{.*\} [1-9]/m.test(await (await fetch(`${node.said.http}/metrics`)).text());

    // The client measures in the moment in which it asks the node to.
    expect(await watch(isAsked, MEASURED_MS)).toBe(true);
    expect(await client.interrupted()).toBe(0);
    expect(client.text).toMatch(/^\d+ s: 50 datagrams up /m);
  });

  it('refuses a node with another key than the pinned one', async () => {
    await using node = await startNode();
    const refused = await wine.run(['play', '--node', node.said.control, '--pin', OTHER_PIN, ...ticket, ...NOWHERE]);

    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`has another key than the pinned one: expected ${OTHER_PIN}, got ${node.said.pin}`);
  });

  it('knows a node again that it trusted on first use, and refuses another one in its place', async () => {
    const trusting = (control: string) => ['play', '--node', control, '--trust-on-first-use', ...ticket];
    let control: string;
    let pin: string;
    {
      await using node = await startNode();
      ({ control, pin } = node.said);
      await using first = wine.console([...trusting(control), ...game]);
      expect(await played(first)).toBe(50);
      expect(await first.interrupted()).toBe(0);
      expect(first.text).toContain(`its pin ${pin} is kept in C:\\users\\root\\AppData\\Local\\lightspeed\\known-nodes`);
      expect(readFileSync(join(wine.driveC, KNOWN_NODES), 'utf8')).toBe(`${control} ${pin}\n`);
      await using second = wine.console([...trusting(control), ...game]);
      expect(await played(second)).toBe(50);
      expect(await second.interrupted()).toBe(0);
      expect(second.text).not.toContain('trusting');
    }
    await using other = await startNode('other node', control);
    const refused = await wine.run([...trusting(control), ...NOWHERE]);

    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`has another key than at its first use: remembered ${pin}, got ${other.said.pin}`);
    expect(readFileSync(join(wine.driveC, KNOWN_NODES), 'utf8')).toBe(`${control} ${pin}\n`);
  });

  it('says that a port is taken, and what to do', async () => {
    await using taken = await openLoopbackSocket();
    const at = `127.0.0.1:${taken.address().port}`;
    const refused = await wine.run(['play', '--open', '--node', '127.0.0.1:9', '--listen', at, ...NOWHERE]);

    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`cannot listen on ${at}: another program listens there (EADDRINUSE): end it, or choose another port`);
  });

  it('starts the game of `run` where nothing is caught, says so, and ends as the game does', async () => {
    const batch = ['C:\\windows\\system32\\cmd.exe', '/c', 'echo the game runs& exit 7'];
    const run = await wine.run(['run', '--node', '127.0.0.1:9', '--', ...batch]);

    expect(run).toMatchObject({ code: 7, stdout: 'the game runs\r\n' });
    expect(run.stderr).toMatch(/^lightspeed: nothing can be caught without the batch engine \(the system is win32, not Linux\): .*$/m);
    expect(run.stderr).toMatch(/^lightspeed: the game goes on without LightSpeed$/m);
  });

  it('compares ways with probes that need nothing of Linux, and says what it cannot do', async () => {
    await using node = await startNode();
    const identity = ['--node', node.said.control, '--pin', node.said.pin, ...ticket];
    const probe = await wine.run(['probe', '127.0.0.1:9', '--count', '2', ...identity]);
    const doctor = await wine.run(['doctor', ...identity]);

    expect(probe.stderr).toBe('');
    expect(probe.stdout).toContain('127.0.0.1:9, measured by ');
    expect(doctor).toMatchObject({ code: 0, stderr: '' });
    expect(doctor.stdout).toContain('only Linux catches games; on other systems use lightspeed socks');
    expect(doctor.stdout).toMatch(/^ok +node, IPv4 .* lets you in at /m);
  });
});
