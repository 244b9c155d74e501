import { makeCertificate, pinOf } from '@lightspeed/control/quic';
import { expect, it } from 'vitest';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { registeredTunnel } from './support/tunnel.ts';
import type { TestTunnel } from './support/tunnel.ts';

const NODES = ['a node that is known by its pin', 'a node that was trusted on first use'] as const;

/** The game here sends as fast as it is answered. */
const NO_RATE = { maxPpsPerClient: 1_000_000, maxBpsPerClient: 1_000_000_000 } as const;

/** What happens to the control connection, in the tunnel's words. */
function newsOf(tunnel: TestTunnel): string[] {
  const news: string[] = [];
  tunnel.on('control', (_node, state) => news.push(state));
  tunnel.on('lost', () => news.push('data plane lost'));
  return news;
}

/** Plays until the condition holds, a few datagrams at a time; gives how many were sent, all of which were answered. */
async function playUntil(condition: () => boolean, program: Peer, to: TestTunnel['ingresses'][number]['listen']): Promise<number> {
  let sent = 0;
  while (!condition()) {
    for (let burst = 0; burst < 4; burst++) program.send(String(sent++), to);
    await program.got(sent);
  }
  return sent;
}

it.each(NODES)('%s renews its certificate with the same key, and a game loses nothing', async (how) => {
  await using node = await ControlNode.start(NO_RATE);
  using server = await EchoServer.named('');
  const firstUse = { kind: 'first-use', known: undefined, remember: () => undefined } as const;
  const nodes = [how === NODES[0] ? node.settings : { ...node.settings, verify: firstUse }];
  await using tunnel = await registeredTunnel([node], [server.address], { register: { nodes } });
  await tunnel.established(5_000);
  const { session } = tunnel.nodes[0];
  const news = newsOf(tunnel);
  using program = await Peer.start();

  const renewed = await makeCertificate(node.certificate.privateKeyPem);
  expect(renewed.certificatePem).not.toBe(node.certificate.certificatePem);
  expect(pinOf(renewed.certificatePem)).toEqual(node.pin);
  const replaced = node.replaceCertificate(renewed);
  const sent = await playUntil(() => news.length > 0, program, tunnel.ingresses[0].listen);
  await replaced;

  const numbers = Array.from({ length: sent }, (_, number) => String(number));
  expect(server.texts).toEqual(numbers);
  expect(program.texts).toEqual(numbers);
  expect(news).toEqual(['renewed']);
  expect(node.resumed).toEqual([session?.sessionId]);
  expect(tunnel.nodes[0]).toMatchObject({ connected: true, session: { sessionId: session?.sessionId } });
  expect(node.data.count('sessionsOpened')).toBe(1);
});

it('a certificate with another key is a refusal that says so to who knows the node by its pin, and the game goes on', async () => {
  await using node = await ControlNode.start(NO_RATE);
  using server = await EchoServer.named('');
  await using tunnel = await registeredTunnel([node], [server.address]);
  await tunnel.established(5_000);
  const refusals: string[] = [];
  tunnel.on('control', (_node, state, text) => refusals.push(`${state}: ${text}`));
  using program = await Peer.start();
  await node.replaceCertificate(await makeCertificate());
  const sent = await playUntil(() => refusals.length > 0, program, tunnel.ingresses[0].listen);
  expect(refusals[0]).toContain('refused: ');
  expect(refusals[0]).toContain('has another key than the pinned one');
  expect(server.texts).toHaveLength(sent);
  expect(tunnel.nodes[0]).toMatchObject({ connected: false, up: true });
});

it('a connection that is lost while it is renewed is said to be so', async () => {
  await using node = await ControlNode.start();
  await using tunnel = await registeredTunnel([node], []);
  const news = newsOf(tunnel);
  node.behaviour.refuse = () => ({ reason: 'rate_limited' });
  await node.replaceCertificate(await makeCertificate(node.certificate.privateKeyPem));
  await until(() => news.length > 0, 'news');
  node.behaviour.refuse = () => undefined;
  await until(() => news.includes('resumed'), 'the connection to be back');
  expect(news[0]).toBe('refused');
  expect(news).not.toContain('renewed');
});
