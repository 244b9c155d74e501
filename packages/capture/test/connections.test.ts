import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { NativeMemory, libc } from '../src/base/libc.ts';
import { CaptureServer } from '../src/helper/server.ts';
import { CaptureSession } from '../src/helper/session.ts';

const MSG_DONTWAIT = 0x40;
const HOST = {
  groups: undefined,
  isInNamespace: false,
  mayBeGateway: () => false,
  takeNumber: () => Promise.resolve(undefined),
  giveBack: () => undefined,
  log: () => undefined,
};

/** Two Unix sockets that are connected. */
function pair(): readonly [number, number] {
  const memory = new NativeMemory(8);
  libc().socketpair(1, 1, 0, memory.address);
  const fds = [memory.view.getInt32(0, true), memory.view.getInt32(4, true)] as const;
  onTestFinished(() => fds.forEach((fd) => libc().close(fd)));
  return fds;
}

it.runIf(process.platform === 'linux')(
  'a request whose connection is gone is not answered: its descriptor may be that of another',
  async () => {
    const data = new NativeMemory(1_024);
    const [served, other] = pair();
    const heard = () => Number(libc().recv(other, data.address, 1_024, MSG_DONTWAIT));
    const socket = new Socket();
    const over = new CaptureSession(HOST, socket, served, { pid: 1, uid: 1, gid: 1 }).serve();
    const ask = () => socket.emit('data', Buffer.from('{"id":1,"op":"counts"}\n'));
    ask();
    while (heard() < 0) await setImmediate();
    ask();
    socket.destroy();
    await over;
    expect(heard()).toBe(-1);
  },
);

it.runIf(process.platform === 'linux')('a user who has as many connections as he may is told so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lightspeed-connections-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'helper.sock');
  const server = new CaptureServer({
    listen: { path },
    numberFile: join(folder, 'captures'),
    gatewayFile: join(folder, 'gateway'),
    slice: 'lightspeed-none.slice',
    idleMs: 0,
    log: () => undefined,
  });
  const served = server.serve();
  await server.listening;
  for (let connections = 0; connections < 16; connections++) await once(connect(path).resume(), 'connect');
  const [said] = (await once(connect(path), 'data')) as [Buffer];
  const why = 'you have 16 connections of 16 with the helper: one more is refused';
  expect(said.toString()).toBe(`${JSON.stringify({ event: 'ended', why })}\n`);
  server.end();
  await served;
});
