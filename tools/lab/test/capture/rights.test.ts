import { mkdir, rmdir } from 'node:fs/promises';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { eventually } from '../support/eventually.ts';
import { PLAYER_UID, SERVERS, openCaptureStage } from './support/stage.ts';
import type { CaptureStage } from './support/stage.ts';

const why = await whyNoNamespaces();
const END_MS = 60_000;
/** Where control groups of version 2 are beside version 1. */
const HYBRID = '/sys/fs/cgroup/unified';
const STRANGER_UID = PLAYER_UID + 1;
/** Of answers to programs and to a LAN's devices, and of what is sent again: those of the first capture, which is over. */
const LEFT_MARKS = [0x4c54_0001, 0x4c55_0001, 0x4c56_0001];

/** Defines a scene in which a user asks the helper. */
function refusal(what: string, carryOut: (stage: CaptureStage) => Promise<void>): void {
  it(what, { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    await stage.helper();
    await carryOut(stage);
  });
}

describe.skipIf(why !== undefined)(`the helper refuses${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  refusal("to catch another user's processes and control groups, and to make a gateway for a user", async (stage) => {
    const [player, stranger] = await Promise.all([stage.asker(PLAYER_UID), stage.asker(STRANGER_UID)]);
    const pid = await player.pid();
    expect(await stranger.catch({ kind: 'run' })).toBe('done');
    expect(await stranger.place(pid)).toBe('not_allowed');
    expect(await stranger.place(1)).toBe('bad_request');
    expect(await stranger.place(await stranger.pid())).toBe('done');
    // Once on a connection.
    expect(await stranger.catch({ kind: 'run' })).toBe('bad_request');
    await player.connect(stage.socket);
    const group = join(existsSync(HYBRID) ? HYBRID : dirname(HYBRID), 'lightspeed-test-of-root');
    await mkdir(group, { recursive: true });
    try {
      expect(await player.catch({ kind: 'cgroup', path: 'lightspeed-test-of-root' })).toBe('not_allowed');
    } finally {
      await rmdir(group);
    }
    await player.connect(stage.socket);
    expect(await player.catch({ kind: 'cgroup', path: 'there/is/none' })).toBe('not_allowed');
    for (const path of ['../../../proc', '/etc', 'a/../../b', '"; flush ruleset; "']) {
      await player.connect(stage.socket);
      expect(await player.catch({ kind: 'cgroup', path })).toBe('bad_request');
    }
    await player.connect(stage.socket);
    expect(await player.catch({ kind: 'gateway', lan: 'eth0', devices: [] })).toBe('not_allowed');
    await player.connect(stage.socket);
    expect(await player.catch({ kind: 'namespace' })).toBe('not_allowed');
    await player.connect(stage.socket);
    expect(await player.catch({ kind: 'gateway', lan: 'eth0; flush ruleset', devices: [] })).toBe('bad_request');
    await player.connect(stage.socket);
    expect(await player.catch({ kind: 'gateway', lan: 'eth0', devices: ['1.2.3.4, 5.6.7.8'] })).toBe('bad_request');
  });

  refusal('to send what was not caught, in whoever’s name', async (stage) => {
    const player = await stage.asker(PLAYER_UID);
    expect(await player.catch({ kind: 'run' })).toBe('done');
    const server = SERVERS[0];
    for (const source of [
      { ip: stage.home.address, port: 4_000 },
      { ip: '192.0.2.1', port: 4_000 },
    ]) {
      expect(await player.direct({ source, server })).toBe('not_caught');
      expect(await player.answer({ source, server })).toBe('not_caught');
    }
    // What comes to such a socket is nobody's business but the system's.
    const ownFlow = { source: { ip: '127.0.0.1', port: 4_000 }, server: { ip: '127.0.0.1', port: 53 } };
    expect(await player.answer(ownFlow)).toBe('not_caught');
    expect((await stage.matchmaker.seen()).udp).toEqual({});
    // Its trial is answered by nobody: so nothing is ever caught.
    expect(await player.trial()).toBe('trial_failed');
  });

  refusal('to let sockets that are left of a capture speak in a server’s name', async (stage) => {
    await stage.installRouting();
    const root = await stage.asker(0);
    for (const mark of LEFT_MARKS) expect(await root.speaks(SERVERS[0], mark, stage.home.address)).toBe(false);
    // It is the mark that they do not come by.
    expect(await root.speaks(SERVERS[0], 0, stage.home.address)).toBe(true);
  });

  it('never gives a capture the number of an earlier one', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    const tables: string[] = [];
    // Of one helper, and of the one that follows it.
    for (const captures of [2, 1]) {
      const helper = await stage.helper();
      for (let capture = 0; capture < captures; capture++) {
        const root = await stage.asker(0);
        await root.catch({ kind: 'run' });
        tables.push(/lightspeed_\d+/.exec(await stage.home.in.run('nft', ['list', 'tables']))?.[0] ?? '');
        await stage.ended(root);
      }
      await helper.endedBy('SIGTERM', END_MS);
    }
    const [first, ...later] = tables.map((table) => Number(table.split('_')[1]));
    // After the last one comes the first one.
    expect(later).toEqual([1, 2].map((step) => ((first + step - 1) % 0x3fff) + 1));
  });

  refusal('what is no request, and goes on serving others', async (stage) => {
    const socket = createConnection(stage.socket);
    let said = '';
    socket.setEncoding('utf8').on('data', (text: string) => (said += text));
    await once(socket, 'connect');
    for (const line of [
      'no json',
      '[]',
      '{"id":1}',
      '{"id":2,"op":"catch","version":1,"target":{"kind":"run"},"nodes":"x"}',
      '{"id":3,"op":"trial"}',
    ]) {
      socket.write(`${line}\n`);
    }
    await eventually(() => expect(said.split('\n').filter((line) => line.includes('"bad_request"'))).toHaveLength(5));
    socket.write('x'.repeat(40_000));
    await once(socket, 'close');
    const player = await stage.asker(PLAYER_UID);
    expect(await player.catch({ kind: 'run' })).toBe('done');
  });
});
