import { connectQuic } from '@currentspace/http3';
import { nodeConfig, startNode } from '@lightspeed/proxy';
import type { RunningNode } from '@lightspeed/proxy';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from './support/eventually.ts';
import { Control, playingClient } from './support/registered-client.ts';
import { registrarNode, testServer, unknownClient } from './support/scene.ts';

async function metrics({ httpAddress }: RunningNode): Promise<string> {
  return (await fetch(`http://127.0.0.1:${httpAddress?.port ?? 0}/metrics`)).text();
}

/** A node whose log is read, with a control port and a page of metrics. */
async function loggedNode(): Promise<{ node: RunningNode; log: string[] }> {
  const log: string[] = [];
  const config = nodeConfig({
    dataBind: '127.0.0.1:0',
    controlBind: '127.0.0.1:0',
    httpBind: '127.0.0.1:0',
    allowDestinations: ['127.0.0.0/8'],
  });
  const node = await startNode(config, { log: pino({}, { write: (line) => void log.push(line) }) });
  onTestFinished(() => node.close());
  return { node, log };
}

describe('a client that registers in dialect reference', () => {
  it('plays', async () => {
    const { node } = await loggedNode();
    const server = await testServer();
    const control = await Control.connect(node);
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

  it('has no ticket: where one is needed it hears no in the number of its dialect', async () => {
    const issuerKeys = ['lsi1_eZHaTw6CiWorHh8JeuBgJddfme_Jmy-06udFR4HnJgM'];
    const control = await Control.connect(await registrarNode({ issuerKeys }));
    await control.registerAsReference();
    expect(await control.heard('disconnect')).toMatchObject({ reason: 'auth_failed' });
  });

  it('stays until the node drains, like all others', async () => {
    const node = await registrarNode({});
    const control = await Control.connect(node);
    await control.registerAsReference();
    await control.heard('register_ack');
    await node.close();
    expect(await control.heard('disconnect')).toMatchObject({ reason: 'server_shutdown' });
    expect((await control.connection.whenClosed).by).toBe('peer');
  });
});

describe('a client that names another application protocol', () => {
  it('is refused, counted, and spoken of once, and others go on', async () => {
    const { node, log } = await loggedNode();
    const server = await testServer();
    const client = await playingClient(node);
    const { host, port } = node.controlAddress ?? { host: '', port: 0 };
    for (let tries = 0; tries < 2; tries++) {
      const session = connectQuic({ address: host, port, servername: 'lightspeed-node' }, { alpn: ['h3'], rejectUnauthorized: false });
      session.on('error', () => undefined);
      onTestFinished(() => session.close());
      await expect(session.ready()).rejects.toThrow();
    }
    await client.roundTrip(server.endpoint, 'goes on');
    await eventually(async () => {
      expect(await metrics(node)).toContain('control_connections_total{result="no_alpn"} 2');
    });
    expect(log.filter((line) => line.includes('clients of the older reference implementation name none'))).toHaveLength(1);
  });
});
