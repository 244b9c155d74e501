import { describe, expect, it } from 'vitest';
import { StaticDirectory } from '../src/control/directory.ts';
import { parseRegisterSettings } from '../src/settings/register-settings.ts';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, until } from './support/game.ts';
import { echoedOnce, play } from './support/play.ts';
import { registeredTunnel } from './support/tunnel.ts';
import type { TestTunnel } from './support/tunnel.ts';

async function startNodes(count: number): Promise<{ nodes: ControlNode[] } & AsyncDisposable> {
  const nodes = await Promise.all(Array.from({ length: count }, () => ControlNode.start()));
  const stop = () => Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
  return { nodes, [Symbol.asyncDispose]: () => stop().then(() => undefined) };
}

const namesOf = (tunnel: TestTunnel) => tunnel.nodes.map(({ name }) => name);

describe('of six nodes', () => {
  it('four are registered with, and the others are left alone', async () => {
    await using six = await startNodes(6);
    const { nodes } = six;
    await using tunnel = await registeredTunnel(nodes, []);
    await until(() => tunnel.nodes.every(({ up }) => up), 'all active nodes');
    expect(namesOf(tunnel)).toEqual(nodes.slice(0, 4).map(({ name }) => name));
    expect(nodes.map(({ registers }) => registers.length)).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it('the next ones step in for those that refuse', async () => {
    await using six = await startNodes(6);
    const { nodes } = six;
    for (const node of [nodes[0], nodes[2], nodes[4]]) node.behaviour.refuse = () => ({ reason: 'rate_limited' });
    await using tunnel = await registeredTunnel(nodes, []);
    await until(
      () => [1, 3, 5].every((index) => tunnel.nodes.some(({ name, up }) => up && name === nodes[index].name)),
      'the three that take us',
    );
    expect(tunnel.nodes).toHaveLength(4);
  });

  it('the next one steps in for one that is lost, and the game on another goes on', async () => {
    await using six = await startNodes(5);
    const { nodes } = six;
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel(nodes, [server.address], { keepaliveMs: 100 });
    await until(() => tunnel.nodes.every(({ up }) => up), 'all active nodes');
    using program = await play(3, tunnel.ingresses[0].listen);
    const lost = tunnel.nodes.findIndex(({ used }) => !used);
    await nodes[lost][Symbol.asyncDispose]();
    await until(() => tunnel.nodes[lost].name === nodes[4].name && tunnel.nodes[lost].up, 'the fifth node');
    await echoedOnce(program, 'still', tunnel.ingresses[0].listen);
    expect(new Set(server.received.map(({ from }) => from.port)).size).toBe(1);
  });

  it('one that a rule names is among the four, wherever it stands, and keeps its place', async () => {
    await using six = await startNodes(6);
    const { nodes } = six;
    using server = await EchoServer.named('');
    const ways = [{ servers: '127.0.0.1', way: nodes[5].name }];
    await using tunnel = await registeredTunnel(nodes, [server.address], { ways });
    await until(() => tunnel.nodes.every(({ up }) => up), 'all active nodes');
    expect(namesOf(tunnel)).toEqual([0, 1, 2, 5].map((index) => nodes[index].name));
    using program = await play(3, tunnel.ingresses[0].listen);
    expect(program.texts).toHaveLength(3);
    expect(tunnel.stats().ways.find(({ name }) => name === nodes[5].name)).toMatchObject({ upPackets: 3, downPackets: 3 });
  });

  it('none is an error that says what each has said', async () => {
    await using six = await startNodes(6);
    const { nodes } = six;
    for (const [index, node] of nodes.entries()) node.behaviour.refuse = () => ({ reason: 'rate_limited', text: `full ${index}` });
    const thrown = await registeredTunnel(nodes, []).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'ERR_CLIENT_REGISTER' });
    for (const index of nodes.keys()) expect(String(thrown)).toContain(`full ${index}`);
  });
});

it('a list of candidates gives them in their order, and those that were given up after all others', () => {
  const { nodes } = parseRegisterSettings({ nodes: ['a', 'b', 'c'].map((host) => ({ host })) }, 'standard');
  const directory = new StaticDirectory(nodes);
  const [a] = nodes;
  expect(directory.next()).toBe(a);
  directory.giveBack(a);
  expect([directory.next(), directory.next(), directory.next(), directory.next()].map((node) => node?.host)).toEqual([
    'b',
    'c',
    'a',
    undefined,
  ]);
});
