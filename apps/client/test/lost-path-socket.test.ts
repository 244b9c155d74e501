import { FEC_BLOCK_BYTES } from '@lightspeed/fec';
import { createEngine } from '@lightspeed/udp';
import { expect, it } from 'vitest';
import { localCountersIn, LOCAL_COUNTERS_BYTES } from '../src/ingress/local-counters.ts';
import { openNodeAddresses, plainNodeTunnel } from '../src/run/start-tunnel.ts';
import { parseTunnelSettings } from '../src/settings/tunnel-settings.ts';
import { CounterBook } from '../src/tunnel/counter-book.ts';
import { TunnelDriver } from '../src/tunnel/driver.ts';
import type { WorkerMessage } from '../src/tunnel/messages.ts';
import { openTunnelSockets } from '../src/tunnel/sockets.ts';
import { RulePolicy } from '../src/way/way-policy.ts';
import { LOOPBACK } from './support/test-node.ts';

it('a path whose socket is lost gets another one at a port that is free, and an ingress keeps its own', async () => {
  const engine = createEngine('portable', { reserveBytes: 1_024 * FEC_BLOCK_BYTES });
  const nodeAddress = { host: '127.0.0.1', port: 9 };
  const gameServer = { ip: LOOPBACK, port: 9 };
  const parsed = parseTunnelSettings({ node: nodeAddress, ingresses: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer }] });
  const { settings } = parsed;
  const sockets = await openTunnelSockets(engine, settings);
  const said: WorkerMessage[] = [];
  const driver = new TunnelDriver({
    engine,
    settings,
    sockets,
    nodeTunnels: [plainNodeTunnel(parsed, nodeAddress, await openNodeAddresses(nodeAddress, settings), new CounterBook())],
    via: undefined,
    policy: new RulePolicy([]),
    counters: localCountersIn(new ArrayBuffer(LOCAL_COUNTERS_BYTES)),
    post: (message) => said.push(message),
    takeCommand: () => undefined,
  });
  const [ingress] = sockets.ingresses;
  const [{ socket }] = sockets.paths;

  driver.onLost(ingress);
  expect(said.filter(({ type }) => type === 'rebound')).toEqual([]);
  driver.onLost(socket);
  expect(said).toContainEqual({
    type: 'rebound',
    path: 0,
    local: { host: expect.any(String) as string, port: expect.any(Number) as number },
  });
  const rebound = said.find((message) => message.type === 'rebound');
  expect(rebound?.local.port).not.toBe(socket.localPort);
  engine.close();
});
