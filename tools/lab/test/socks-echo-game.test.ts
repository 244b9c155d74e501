import { once } from 'node:events';
import { startTunnel } from '@lightspeed/client';
import { parseIpv4, formatIpv4, formatSocketAddress } from '@lightspeed/wire';
import { SocksClient } from 'socks';
import type { SocksClientEstablishedEvent } from 'socks/typings/common/constants.js';
import { expect, it } from 'vitest';
import { startOpenNode } from '../src/game/open-node.ts';
import { LossyLink } from '../src/lossy-link.ts';
import { LOOPBACK, endpointOf, openLoopbackSocket } from '../src/loopback-socket.ts';

const DATAGRAMS = 1_000;
const PAUSE_MS = 2;
const LOSS = 0.05;
/** So long no answer comes any more: the link's delay and the last group's timeout are long over. */
const QUIET_MS = 1_000;

it('an echo game plays through a real SOCKS5 client over a link that loses 5 %, protected', { timeout: 60_000 }, async () => {
  await using started = new AsyncDisposableStack();
  const server = started.use(await openLoopbackSocket());
  server.on('message', (message, from) => server.send(message, from.port, from.address));
  const gameServer = endpointOf(server);
  const node = await startOpenNode(gameServer, 'auto');
  started.defer(() => node.close());
  const target = { ip: LOOPBACK, port: node.dataAddress.port };
  const link = started.use(await LossyLink.open({ target, seed: 11, toTarget: { loss: LOSS, delayMs: 5 } }));
  const tunnel = await startTunnel({
    node: { host: formatIpv4(link.address.ip), port: link.address.port },
    socks: { listen: { ip: LOOPBACK, port: 0 } },
    fecGroupSize: 2,
  });
  started.defer(() => tunnel.close());
  await tunnel.established(10_000);
  const { ip, port } = tunnel.socks ?? { ip: 0, port: 0 };

  const client = new SocksClient({
    proxy: { host: formatIpv4(ip), port, type: 5 },
    command: 'associate',
    destination: { host: '0.0.0.0', port: 0 },
  });
  const established = once(client, 'established') as Promise<[SocksClientEstablishedEvent]>;
  client.connect();
  const [{ socket: connection, remoteHost: relay }] = await established;
  started.defer(() => void connection.destroy());
  const game = started.use(await openLoopbackSocket());
  const answered = new Set<number>();
  const senders = new Set<string>();
  let lastMs = performance.now();
  game.on('message', (frame) => {
    const { remoteHost, data } = SocksClient.parseUDPFrame(frame);
    answered.add(data.readUInt32BE(0));
    senders.add(formatSocketAddress({ host: remoteHost.host, port: remoteHost.port }));
    lastMs = performance.now();
  });

  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const data = Buffer.alloc(100);
      data.writeUInt32BE(sent++);
      const remoteHost = { host: formatIpv4(gameServer.ip), port: gameServer.port };
      game.send(SocksClient.createUDPFrame({ remoteHost, data }), relay?.port ?? 0, relay?.host);
      if (sent < DATAGRAMS) return;
      clearInterval(timer);
      resolve();
    }, PAUSE_MS);
  });
  await expect.poll(() => answered.size === DATAGRAMS || performance.now() - lastMs > QUIET_MS, { timeout: 20_000 }).toBe(true);

  const { toTarget, toSource } = link.stats;
  const lost = toTarget.lostRandom + toSource.lostRandom;
  const missing = DATAGRAMS - answered.size;
  expect(lost).toBeGreaterThan(DATAGRAMS * LOSS);
  // Without protection about one in ten round trips would be missing; two lost packets of one group of three are what is left.
  expect(missing).toBeLessThan(DATAGRAMS * 0.03);
  expect([...senders]).toEqual([formatSocketAddress({ host: formatIpv4(gameServer.ip), port: gameServer.port })]);
  expect(tunnel.stats().counters.fecRecovered).toBeGreaterThan(0);
  expect(parseIpv4(relay?.host ?? '')).toBe(LOOPBACK);
});
