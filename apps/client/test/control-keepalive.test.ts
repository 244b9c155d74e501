import { dataAddressExtension } from '@lightspeed/control';
import { listenControl, makeCertificate } from '@lightspeed/control/quic';
import type { ControlConnection } from '@lightspeed/control/quic';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NodeLink } from '../src/control/node-link.ts';
import { parseRegisterSettings } from '../src/settings/register-settings.ts';
import { ControlNode } from './support/control-node.ts';
import { until } from './support/game.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

/** A client's end of a control connection, on which the first Ping has been answered. */
async function linkTo(node: ControlNode, pingMs: number | undefined) {
  const settings = parseRegisterSettings({ nodes: [node.settings], ...(pingMs === undefined ? {} : { pingMs }) }, 'standard');
  const link = closing(new NodeLink(settings.nodes[0], settings));
  await link.start();
  await until(() => link.pingMs !== undefined, 'the first Pong');
  return link;
}

/** Has a link close itself at the end of the block that declares it with `await using`. */
function closing(link: NodeLink): NodeLink & AsyncDisposable {
  return Object.assign(link, { [Symbol.asyncDispose]: () => link.close() });
}

it('Pings go on as long as the connection does', async () => {
  await using node = await ControlNode.start();
  await using link = await linkTo(node, 10_000);
  expect(node.pings).toBe(1);

  for (let ping = 2; ping <= 4; ping++) {
    vi.advanceTimersByTime(10_000);
    await until(() => node.pings === ping, 'the next Ping');
  }
  expect(link.connected).toBe(true);
});

it('a Ping that is not answered has the client make another connection, and resume its session', async () => {
  await using node = await ControlNode.start();
  node.behaviour.mute = true;
  const settings = parseRegisterSettings({ nodes: [node.settings], pingMs: 500 }, 'standard');
  await using link = closing(new NodeLink(settings.nodes[0], settings));
  const lost: string[] = [];
  const resumed: boolean[] = [];
  link.on('disconnected', (why) => lost.push(why));
  link.on('registered', (_session, again) => resumed.push(again));
  await link.start();
  await until(() => lost.length > 0, 'the connection to be given up');
  node.behaviour.mute = false;
  await until(() => link.pingMs !== undefined, 'a Pong');
  expect(lost[0]).toBe('the node does not answer on it');
  expect(resumed.slice(0, 2)).toEqual([false, true]);
});

it('a Pong says how far the node’s clock is ahead, as exactly as the round trip allows', async () => {
  await using node = await ControlNode.start();
  node.behaviour.clockAheadMs = 60_000;
  await using link = await linkTo(node, undefined);
  const { pingMs = 0, clockOffsetMs = 0 } = link;
  // The node's clock of this test counts milliseconds.
  expect(Math.abs(clockOffsetMs - 60_000)).toBeLessThanOrEqual(pingMs / 2 + 2);
});

/** A node that asks each client that registers whether it is there. */
async function talk(connection: ControlConnection, heard: string[]): Promise<void> {
  for await (const stream of connection.streams()) {
    for await (const { type } of stream.messages()) {
      heard.push(type);
      if (type !== 'register') continue;
      const extensions = [dataAddressExtension.encode({ ip: 0, port: 9 })];
      await stream.send({ type: 'register_ack', sessionId: 1, token: 1, nodeId: 'node-1', region: '', extensions });
      await stream.send({ type: 'ping', timestampUs: 1n });
    }
  }
}

it('a client answers when its node asks whether it is there', async () => {
  const certificate = await makeCertificate();
  const heard: string[] = [];
  const listener = await listenControl({
    bind: { host: '127.0.0.1', port: 0 },
    ...certificate,
    onConnection: (connection) => void talk(connection, heard).catch(() => undefined),
  });
  const node = { ...listener.endpoint, verify: { kind: 'pin', sha256: listener.pin } as const };
  const settings = parseRegisterSettings({ nodes: [node] }, 'standard');
  await using link = closing(new NodeLink(settings.nodes[0], settings));
  await link.start();
  await until(() => heard.includes('pong'), 'the answer');
  await listener.close();
});
