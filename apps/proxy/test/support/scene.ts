import type { NodeSettings, RunningNode } from '@lightspeed/proxy';
import { nodeConfig, startNode } from '@lightspeed/proxy';
import { onTestFinished } from 'vitest';
import { GameServer } from './game-server.ts';
import type { ClientOptions } from './raw-client.ts';
import { RawClient } from './raw-client.ts';

export const ENGINES = ['batch', 'portable'] as const;

/** A node on loopback for everybody, that relays to loopback; ends with the test. */
export async function testNode(settings: NodeSettings = {}): Promise<RunningNode> {
  const node = await startNode(
    nodeConfig({
      dataBind: '127.0.0.1:0',
      httpBind: 'off',
      controlBind: 'off',
      requireAuth: false,
      allowDestinations: ['127.0.0.0/8'],
      ...settings,
    }),
  );
  onTestFinished(() => node.close());
  return node;
}

export async function testServer(): Promise<GameServer> {
  const server = await GameServer.open();
  onTestFinished(() => server.close());
  return server;
}

/** A client that the node has let in. */
export async function testClient(node: Pick<RunningNode, 'dataAddress'>, options?: ClientOptions): Promise<RawClient> {
  const client = await RawClient.admitted(node.dataAddress, options);
  onTestFinished(() => client.close());
  return client;
}

/** A client that the node knows nothing about yet. */
export async function unknownClient(node: Pick<RunningNode, 'dataAddress'>, options?: ClientOptions): Promise<RawClient> {
  const client = await RawClient.open(node.dataAddress, options);
  onTestFinished(() => client.close());
  return client;
}

/** A node on loopback where clients have to register, that relays to loopback; ends with the test. */
export function registrarNode(settings: NodeSettings = {}): Promise<RunningNode> {
  return testNode({ requireAuth: true, controlBind: '127.0.0.1:0', ...settings });
}
