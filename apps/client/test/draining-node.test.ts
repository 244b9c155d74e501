import { once } from 'node:events';
import { expect, it, onTestFinished, vi } from 'vitest';
import { NodeLink } from '../src/control/node-link.ts';
import { parseRegisterSettings } from '../src/settings/register-settings.ts';
import { ControlNode } from './support/control-node.ts';

const DRAIN_MS = 30_000;

async function linkTo(node: ControlNode): Promise<NodeLink> {
  const settings = parseRegisterSettings({ nodes: [node.settings] }, 'standard');
  const link = new NodeLink(settings.nodes[0], settings);
  onTestFinished(() => link.close());
  await link.start();
  return link;
}

it('a client asks a node that drains again every five seconds, until the end that it has named', async () => {
  await using node = await ControlNode.start();
  const link = await linkTo(node);
  const draining = once(link, 'draining');
  await node.drain(DRAIN_MS);
  await draining;
  const disconnected = once(link, 'disconnected');
  await node.cut();
  const [, retryInMs] = (await disconnected) as [string, number];
  expect(retryInMs).toBe(5_000);
});

it('but soon when the node has ended the session before', async () => {
  await using node = await ControlNode.start();
  const link = await linkTo(node);
  const draining = once(link, 'draining');
  await node.drain(DRAIN_MS);
  await draining;
  const disconnected = once(link, 'disconnected');
  await node.cut();
  await disconnected;
  const registered = once(link, 'registered');
  link.renew();
  await registered;
  expect([link.connected, link.draining, node.registers.length]).toEqual([true, false, 2]);
});

it.each([
  ['server_shutdown', 5_000],
  ['rate_limited', 300_000],
] as const)('however often a node refuses with %s, a client asks it again within %i ms', async (reason, mostMs) => {
  await using node = await ControlNode.start();
  const link = await linkTo(node);
  node.behaviour.refuse = () => ({ reason });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const disconnected = once(link, 'disconnected');
  await node.cut();
  let [, pauseMs] = (await disconnected) as [unknown, number];
  const pausesMs: number[] = [];
  while (pausesMs.length < 12) {
    const refused = once(link, 'refused');
    vi.advanceTimersByTime(pauseMs);
    [, pauseMs] = (await refused) as [unknown, number];
    pausesMs.push(pauseMs);
  }
  expect(Math.max(...pausesMs)).toBeLessThanOrEqual(mostMs);
  expect(Math.max(...pausesMs)).toBeGreaterThan(mostMs / 2);
});
