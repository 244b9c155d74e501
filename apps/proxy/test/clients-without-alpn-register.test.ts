import { nodeConfig, startNode } from '@lightspeed/proxy';
import type { NodeSettings, RunningNode } from '@lightspeed/proxy';
import { formatEndpoint } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { eventually } from './support/eventually.ts';
import { Control, playingClient } from './support/registered-client.ts';
import { registrarNode, testServer, unknownClient } from './support/scene.ts';

const NOWHERE: Endpoint = { ip: 0, port: 0 };

async function metrics({ httpAddress }: RunningNode): Promise<string> {
  return (await fetch(`http://127.0.0.1:${httpAddress?.port ?? 0}/metrics`)).text();
}

async function loggedNode(settings: NodeSettings): Promise<{ node: RunningNode; log: string[] }> {
  const log: string[] = [];
  const config = nodeConfig({
    dataBind: '127.0.0.1:0',
    controlBind: '127.0.0.1:0',
    httpBind: '127.0.0.1:0',
    allowDestinations: ['127.0.0.0/8'],
    ...settings,
  });
  const node = await startNode(config, { log: pino({}, { write: (line) => void log.push(line) }) });
  onTestFinished(() => node.close());
  return { node, log };
}

it('at a port of their own, and play', async () => {
  const { node, log } = await loggedNode({ controlBindWithoutAlpn: '127.0.0.1:0' });
  const at = node.controlAddressWithoutAlpn ?? NOWHERE;
  expect(at.port).not.toBe(node.controlAddress?.port);
  expect(log.join('')).toContain(`"controlWithoutAlpn":"${formatEndpoint(at.ip, at.port)}"`);
  const server = await testServer();
  const control = await Control.connectWithoutAlpn(at);
  await control.registerAsReference();
  const { token } = await control.heard('register_ack');
  expect(await control.heard('server_info')).toMatchObject({ dialect: 'reference' });
  const client = await unknownClient(node, { dialect: 'reference' });
  client.token = token;
  expect((await client.roundTrip(server.endpoint, 'played')).payload).toBe('played');
  // Others register as ever.
  const other = await playingClient(node);
  await other.roundTrip(server.endpoint, 'as ever');
  expect(await metrics(node)).toContain('control_connections_total{result="accepted"} 2');
  await control.stream.send({ type: 'disconnect', reason: 'normal' }, 'reference');
  await client.next('fin');
});

it('nowhere else: they are refused, counted, and spoken of once, and others go on', async () => {
  const { node, log } = await loggedNode({});
  const server = await testServer();
  const client = await playingClient(node);
  for (let tries = 0; tries < 2; tries++) {
    await expect(Control.connectWithoutAlpn(node.controlAddress ?? NOWHERE)).rejects.toMatchObject({ code: 'QUIC_ALPN' });
  }
  await client.roundTrip(server.endpoint, 'goes on');
  await eventually(async () => {
    expect(await metrics(node)).toContain('control_connections_total{result="no_alpn"} 2');
  });
  expect(log.filter((line) => line.includes('--control-bind-without-alpn'))).toHaveLength(1);
});

it('with no ticket: where one is needed they hear no in the number of their dialect', async () => {
  const issuerKeys = ['lsi1_eZHaTw6CiWorHh8JeuBgJddfme_Jmy-06udFR4HnJgM'];
  const node = await registrarNode({ controlBindWithoutAlpn: '127.0.0.1:0', issuerKeys });
  const control = await Control.connectWithoutAlpn(node.controlAddressWithoutAlpn ?? NOWHERE);
  await control.registerAsReference();
  expect(await control.heard('disconnect')).toMatchObject({ reason: 'auth_failed' });
});

it('until the node drains, like all others', async () => {
  const node = await registrarNode({ controlBindWithoutAlpn: '127.0.0.1:0' });
  const control = await Control.connectWithoutAlpn(node.controlAddressWithoutAlpn ?? NOWHERE);
  await control.registerAsReference();
  await control.heard('register_ack');
  await node.close();
  expect(await control.heard('disconnect')).toMatchObject({ reason: 'server_shutdown' });
  expect((await control.connection.whenClosed).by).toBe('peer');
});

it('not at a port that is taken, which keeps the node from starting and names the option', async () => {
  const { controlAddressWithoutAlpn: taken = NOWHERE } = await registrarNode({ controlBindWithoutAlpn: '127.0.0.1:0' });
  const starting = registrarNode({ controlBindWithoutAlpn: formatEndpoint(taken.ip, taken.port) });
  await expect(starting).rejects.toMatchObject({
    code: 'ERR_PROXY_PORT_IN_USE',
    message: expect.stringContaining('--control-bind-without-alpn') as string,
  });
});

it('only beside a control plane', () => {
  const without = { controlBind: 'off', controlBindWithoutAlpn: '127.0.0.1:1' };
  expect(() => nodeConfig(without)).toThrow(expect.objectContaining({ message: expect.stringContaining('--control-bind') as string }));
  expect(nodeConfig({ controlBindWithoutAlpn: 'off' }).controlBindWithoutAlpn).toBeUndefined();
});
