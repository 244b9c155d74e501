import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatPin } from '@lightspeed/control/quic';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SessionFiles } from '../src/cli/session-files.ts';
import { Running } from './support/command.ts';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { echoed, egressPorts } from './support/play.ts';
import { LOOPBACK } from './support/test-node.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lightspeed-sessions-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const NODE = 'relay.example.net:4433';
const TICKET = new Uint8Array(80).fill(7);
const SESSION = { sessionId: 4_000_000_000, token: 9, secret: new Uint8Array(16).fill(3), nonces: 0n };
const jsonIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.json'));

async function taken(folder: string, node = NODE, ticket = TICKET) {
  const place = await new SessionFiles(folder).take(node, ticket);
  if (place === undefined) throw new Error('somebody else has it');
  return place;
}

describe('a session that is kept', () => {
  it('comes back to the next run, with nonces that no earlier run has used', async () => {
    const folder = temporaryFolder();
    const first = await taken(folder);
    expect(first.kept).toBeUndefined();
    await first.keep(SESSION);
    await first.leave(false);
    for (const run of [1n, 2n, 3n]) {
      const next = await taken(folder);
      expect({ ...next.kept, secret: [...(next.kept?.secret ?? [])] }).toEqual({
        ...SESSION,
        secret: [...SESSION.secret],
        nonces: run << 32n,
      });
      // It keeps nothing: it was killed at once.
      await next.leave(false);
    }
  });

  it('is for its owner alone, and for one node and ticket', async () => {
    const folder = join(temporaryFolder(), 'sessions');
    const place = await taken(folder);
    await place.keep(SESSION);
    const [name] = jsonIn(folder);
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(folder, name), 'utf8')).not.toContain(Buffer.from(TICKET).toString('hex'));
    for (const other of [await taken(folder, 'other:4433'), await taken(folder, NODE, new Uint8Array(80))]) {
      expect(other.kept).toBeUndefined();
      await other.leave(true);
    }
    await place.leave(true);
    expect(jsonIn(folder)).toEqual([]);
  });

  it('is not given to a second program while the first has it', async () => {
    const folder = temporaryFolder();
    const first = await taken(folder);
    await first.keep(SESSION);
    expect(await new SessionFiles(folder).take(NODE, TICKET)).toBeUndefined();
    await first.leave(false);
    const second = await taken(folder);
    expect(second.kept?.sessionId).toBe(SESSION.sessionId);
    await second.leave(true);
  });

  it('is removed when it has expired, and so are those of other nodes', async () => {
    const folder = temporaryFolder();
    for (const node of [NODE, 'other:4433']) {
      const place = await taken(folder, node);
      await place.keep(SESSION);
      await place.leave(false);
    }
    const longAgo = new Date(Date.now() - 601_000);
    for (const name of jsonIn(folder)) utimesSync(join(folder, name), longAgo, longAgo);
    const place = await taken(folder);
    expect(place.kept).toBeUndefined();
    expect(jsonIn(folder)).toEqual([]);
    await place.leave(true);
  });

  it('is left alone while another program has it, however old it looks', async () => {
    const folder = temporaryFolder();
    const other = await taken(folder, 'other:4433');
    await other.keep(SESSION);
    const longAgo = new Date(Date.now() - 601_000);
    for (const name of jsonIn(folder)) utimesSync(join(folder, name), longAgo, longAgo);
    const place = await taken(folder);
    expect(jsonIn(folder)).toHaveLength(1);
    await place.leave(true);
    await other.leave(false);
    await (await taken(folder)).leave(true);
    expect(jsonIn(folder)).toEqual([]);
  });

  it('can be kept although another one that has expired cannot be removed', async () => {
    const folder = temporaryFolder();
    const stuck = join(folder, 'stuck.json');
    mkdirSync(stuck);
    const longAgo = new Date(Date.now() - 601_000);
    utimesSync(stuck, longAgo, longAgo);
    const place = await taken(folder);
    await place.keep(SESSION);
    await place.leave(false);
    expect((await taken(folder)).kept?.sessionId).toBe(SESSION.sessionId);
  });

  it.each(['', '{', '[]', '{"sessionId":-1}', '{"sessionId":1,"token":1,"secret":"00","nonces":"0"}'])(
    'is none if its file says %j',
    async (text) => {
      const folder = temporaryFolder();
      const place = await taken(folder);
      await place.keep(SESSION);
      await place.leave(false);
      writeFileSync(join(folder, jsonIn(folder)[0]), text);
      const next = await taken(folder);
      expect(next.kept).toBeUndefined();
      await next.leave(true);
    },
  );

  it('is given up where nothing can be kept, and nothing else', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    chmodSync(join(folder, 'file'), 0o400);
    expect(await new SessionFiles(join(folder, 'file')).take(NODE, TICKET)).toBeUndefined();
  });
});

describe('lightspeed play that was killed', () => {
  it('goes on with its session when it is started again, and the game server sees the same player', async () => {
    await using node = await ControlNode.start();
    using server = await EchoServer.named('');
    using game = await Peer.start();
    const listen = { ip: LOOPBACK, port: 0 };
    const play = () => {
      const where = ['--node', node.name, '--pin', formatPin(node.pin), '--game-server', `127.0.0.1:${server.address.port}`];
      return new Running(['play', ...where, '--listen', '127.0.0.1:0'], { XDG_STATE_HOME: state });
    };
    const state = temporaryFolder();
    const pointed = (program: Running) => Number(/point the game at 127\.0\.0\.1:(\d+)/.exec(program.stdout)?.[1]);

    const first = play();
    await first.printed('connected');
    listen.port = pointed(first);
    await echoed(game, 'first', listen);
    first.signal('SIGKILL');
    await first.ended();

    const second = play();
    await second.printed('connected');
    expect(second.stdout).toContain('in the session of the run before');
    listen.port = pointed(second);
    await echoed(game, 'second', listen);
    expect([node.resumed.length, node.sessionIds.length, egressPorts(server)]).toEqual([1, 1, 1]);

    // What has said goodbye leaves nothing.
    second.signal('SIGTERM');
    expect((await second.ended()).code).toBe(0);
    expect(jsonIn(join(state, 'lightspeed', 'sessions'))).toEqual([]);
    await until(() => node.sessionIds.length === 0, 'the end of the session');
  });
});
