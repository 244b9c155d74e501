import { once } from 'node:events';
import { expect, it } from 'vitest';
import { FleetNode } from '../src/control/fleet-node.ts';
import { parseRegisterSettings } from '../src/settings/register-settings.ts';
import { ControlNode, withNodes } from './support/control-node.ts';
import { EchoServer, until } from './support/game.ts';
import { echoed, play } from './support/play.ts';
import { registeredTunnel } from './support/tunnel.ts';

it('a node that restarts is connected again and resumed, and the game goes on by it', async () => {
  await using first = await ControlNode.start();
  await using second = await ControlNode.start();
  using server = await EchoServer.named('');
  await using tunnel = await registeredTunnel([first, second], [server.address]);
  await tunnel.established(5_000);
  await until(() => tunnel.nodes.every(({ up }) => up), 'both nodes');
  const [{ listen }] = tunnel.ingresses;
  using program = await play(3, listen);
  const used = tunnel.nodes[0].used ? first : second;
  const news: string[] = [];
  tunnel.on('control', (_node, state) => news.push(state));
  tunnel.on('moved', ({ name }, why) => news.push(`moved to ${name}: ${why}`));

  const back = once(tunnel, 'control');
  await (
    await used.restartControl()
  )();
  await back;
  await echoed(program, 'after', listen);
  expect(news).toEqual(['renewed']);
  expect(used.resumed).toHaveLength(1);
});

it('a node that restarts may take 5 s to answer again before another one is used', async () => {
  await using control = await ControlNode.start();
  const settings = parseRegisterSettings(withNodes([control]), 'standard');
  const node = new FleetNode(settings.nodes[0], settings, 0);
  node.restarts(1_000);
  node.take({ type: 'event', slot: 0, event: 'lost', retryInMs: undefined });
  const opening = [1_000, 5_999, 6_000].map((nowMs) => node.candidate(undefined, nowMs).opening);
  expect(opening).toEqual([true, true, false]);
});
