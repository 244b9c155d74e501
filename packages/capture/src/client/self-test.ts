import { setTimeout } from 'node:timers/promises';
import { NativeMemory, libc } from '../base/libc.ts';
import { TRIAL_SERVER } from '../rules/table.ts';
import { closeFd, sendFrom } from '../helper/sockets.ts';
import type { CaptureTarget } from '../protocol.ts';
import type { CaptureClient } from './capture-client.ts';

const MAX_BYTES = 256;
const SOCKADDR_BYTES = 16;
const LOOK_AGAIN_MS = 5;
const MSG_DONTWAIT = 0x40;

/**
 * Has the helper catch a trial's datagram, and answers it: all that a capture needs, but a tunnel. The capture ends then.
 * @param target `namespace` for a helper of a game's namespace
 * @throws {CaptureError} with what stands in the way.
 */
export async function testCapture(helper: CaptureClient, target: CaptureTarget = { kind: 'run' }): Promise<void> {
  const { fd } = await helper.catch(target, []);
  const over = new AbortController();
  const answering = answerTrial(helper, fd, over.signal);
  try {
    await helper.trial();
  } finally {
    over.abort();
    await answering;
    closeFd(fd);
    helper.close();
  }
}

async function answerTrial(helper: CaptureClient, fd: number, signal: AbortSignal): Promise<void> {
  const data = new NativeMemory(MAX_BYTES);
  const address = new NativeMemory(SOCKADDR_BYTES);
  const length = new NativeMemory(4);
  while (!signal.aborted) {
    length.view.setUint32(0, SOCKADDR_BYTES, true);
    const got = Number(libc().recvfrom(fd, data.address, MAX_BYTES, MSG_DONTWAIT, address.address, length.address));
    if (got > 0) {
      const source = { ip: address.bytes.subarray(4, 8).join('.'), port: address.view.getUint16(2) };
      const answerFd = await helper.answer({ source, server: TRIAL_SERVER });
      sendFrom(answerFd, source, data.bytes.subarray(0, got));
      closeFd(answerFd);
      return;
    }
    await setTimeout(LOOK_AGAIN_MS);
  }
}
