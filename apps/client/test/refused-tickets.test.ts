import { once } from 'node:events';
import type { ClientError } from '@lightspeed/client';
import { expect, it } from 'vitest';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { registeredTunnel } from './support/tunnel.ts';

it.each(['expired', 'revoked'])('a tunnel ends with a clear word when its only node says that its ticket is %s', async (code) => {
  await using node = await ControlNode.start();
  await using tunnel = await registeredTunnel([node], []);
  await tunnel.established(5_000);
  const failed = once(tunnel, 'failed') as Promise<[ClientError]>;
  await node.dismissAll(code);
  const [error] = await failed;
  expect(error).toMatchObject({ code: 'ERR_CLIENT_TICKET' });
  expect(error.message).toBe(
    `node ${node.name} ends the registration: the ticket is ${code} (auth failed); ask the operator of the node for another ticket`,
  );
  await tunnel.close();
  expect(node.registers).toHaveLength(1);
});

it('a tunnel whose ticket is refused when it resumes ends as well', async () => {
  await using node = await ControlNode.start();
  await using tunnel = await registeredTunnel([node], []);
  await tunnel.established(5_000);
  const failed = once(tunnel, 'failed') as Promise<[ClientError]>;
  node.behaviour.refuse = () => ({ reason: 'auth_failed', text: 'the ticket has expired', code: 'expired' });
  await node.cut();
  expect((await failed)[0].message).toContain('refuses the registration: the ticket has expired (auth failed)');
});

it('a tunnel that starts with a ticket that is revoked says so, and tries nothing else', async () => {
  await using node = await ControlNode.start();
  node.behaviour.refuse = () => ({ reason: 'auth_failed', text: 'the ticket was revoked', code: 'revoked' });
  await expect(registeredTunnel([node], [])).rejects.toMatchObject({ code: 'ERR_CLIENT_TICKET' });
  expect(node.registers).toHaveLength(1);
});

it('the refusal of one node ends nothing at the others, until the last of them refuses too', async () => {
  await using first = await ControlNode.start();
  await using second = await ControlNode.start();
  using server = await EchoServer.named('');
  await using tunnel = await registeredTunnel([first, second], [server.address]);
  await tunnel.established(5_000);
  await until(() => tunnel.nodes.every(({ up }) => up), 'both nodes');
  const used = tunnel.nodes.findIndex((node) => node.used);
  const [refusing, other] = used === 0 ? [first, second] : [second, first];
  const failures: ClientError[] = [];
  tunnel.on('failed', (error) => failures.push(error));

  await refusing.dismissAll('revoked');
  await until(() => tunnel.nodes.find(({ name }) => name === other.name)?.used === true, 'the other node');
  using program = await Peer.start();
  program.send('goes on', tunnel.ingresses[0].listen);
  await program.got(1);
  expect(failures).toEqual([]);

  await other.dismissAll('revoked');
  await until(() => failures.length === 1, 'the end');
  expect(failures[0]).toMatchObject({ code: 'ERR_CLIENT_TICKET' });
  await tunnel.close();
  expect([first.registers.length, second.registers.length]).toEqual([1, 1]);
});

it('a node that refuses for another reason is asked again', async () => {
  await using node = await ControlNode.start();
  await using tunnel = await registeredTunnel([node], []);
  await tunnel.established(5_000);
  node.behaviour.refuse = () => ({ reason: 'rate_limited', text: 'the node is full', code: 'node_full' });
  await node.cut();
  await until(() => node.registers.length >= 2, 'a refusal');
  node.behaviour.refuse = () => undefined;
  await until(() => tunnel.nodes[0].connected, 'the connection to be back');
});
