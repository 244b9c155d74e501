import { describe, expect, it } from 'vitest';
import type { TunnelStats } from '@lightspeed/client';
import { LocalNews } from '../src/cli/local-news.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { TestNode } from './support/test-node.ts';
import { ENGINES, tunnelTo } from './support/tunnel.ts';

/** The payloads with which RakNet finds out what the path carries, from the longest on: MTUs of 1,492, 1,200 and 576 bytes. */
const RAKNET_BYTES = [1_464, 1_172, 548];
const GROUP = 4;

describe.each(ENGINES)('a game that asks with ever shorter datagrams until it is answered, over the %s engine', (io) => {
  it('settles on a length that is not fragmented, and that parity protects', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await tunnelTo(node, [server.address], { io, fecGroupSize: GROUP });
    await tunnel.established(5_000);
    const [{ listen }] = tunnel.ingresses;
    using game = await Peer.start();
    let settled = 0;
    for (const [tries, bytes] of RAKNET_BYTES.entries()) {
      game.sendBytes(new Uint8Array(bytes), listen);
      await until(() => game.received.length > 0 || tunnel.stats().localDrops.oversize === tries + 1, 'an answer or a refusal');
      settled = bytes;
      if (game.received.length > 0) break;
    }
    expect(settled).toBe(1_172);
    for (let i = 1; i < GROUP; i++) game.sendBytes(new Uint8Array(settled), listen);
    await game.got(GROUP);
    await until(() => tunnel.stats().counters.fecProtected === GROUP, 'the counters');
    expect(Math.max(...server.texts.map(({ length }) => length))).toBe(settled);
  });

  it('is carried by IP fragmentation with --oversize fragment, without protection', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await tunnelTo(node, [server.address], { io, fecGroupSize: GROUP, oversize: 'fragment' });
    await tunnel.established(5_000);
    using game = await Peer.start();
    game.sendBytes(new Uint8Array(RAKNET_BYTES[0]), tunnel.ingresses[0].listen);
    await game.got(1);
    expect(game.texts[0]).toHaveLength(RAKNET_BYTES[0]);
    await until(() => tunnel.stats().counters.oversizeFlows === 1, 'the counters');
    expect(tunnel.stats().counters.fecProtected).toBe(0);
  });
});

it('the client says once that datagrams were dropped for their length, and what to do if the game needs them', () => {
  const news = new LocalNews();
  const stats = (oversize: number) =>
    ({ flowsGaveWay: 0, counters: { oversizeFlows: 1 }, localDrops: { oversize } }) as unknown as TunnelStats;
  const [told] = news.sample(stats(3), 1_000);
  expect(told).toMatchObject({ event: 'oversize', fields: { dropped: true } });
  expect(told.text).toContain('payloads over 1,452 bytes, which were dropped');
  expect(told.text).toContain('--oversize fragment');
  expect(news.sample(stats(9), 1_000_000)).toEqual([]);
  expect(new LocalNews().sample(stats(0), 0)).toMatchObject([{ event: 'oversize', fields: { dropped: false } }]);
});
