import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CaptureSession } from '../src/helper/session.ts';

/** Serves a client whose requests come all at once. @returns whether it is still there then */
async function survives(requests: number, characters: number): Promise<boolean> {
  const host = {
    groups: undefined,
    isInNamespace: false,
    mayBeGateway: () => false,
    takeNumber: () => undefined,
    giveBack: () => undefined,
    countRequest: () => true,
    forgetRequests: () => undefined,
    log: () => undefined,
  };
  const socket = new Socket();
  const served = new CaptureSession(host, socket, -1, { pid: 1, uid: 1, gid: 1 }).serve();
  for (let request = 0; request < requests; request++) socket.emit('data', Buffer.from(`${'x'.repeat(characters - 1)}\n`));
  const isThere = !socket.destroyed;
  socket.destroy();
  await served;
  return isThere;
}

describe('requests that wait', () => {
  it.each([
    ['many short ones', 256, 100, true],
    ['a burst of datagrams', 25, 12_000, true],
    ['too many', 257, 100, false],
    ['too long ones', 40, 16_000, false],
  ])('end the connection if they are too much: %s', async (_what, requests, characters, isThere) => {
    expect(await survives(requests, characters)).toBe(isThere);
  });
});
