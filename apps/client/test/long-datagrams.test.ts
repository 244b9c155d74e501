import { describe, expect, it } from 'vitest';
import type { TunnelStats } from '@lightspeed/client';
import { LocalNews } from '../src/cli/local-news.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { TestNode } from './support/test-node.ts';
import { ENGINES, tunnelTo } from './support/tunnel.ts';

describe.each(ENGINES)('a tunnel over the %s engine', (io) => {
  it('carries payloads of up to 8,970 bytes both ways, and counts those that are longer', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await tunnelTo(node, [server.address], { io, oversize: 'fragment' });
    await tunnel.established(5_000);
    using program = await Peer.start();
    const [{ listen }] = tunnel.ingresses;
    for (const bytes of [8_971, 9_000, 9_001, 20_000, 8_970]) program.sendBytes(new Uint8Array(bytes), listen);
    await program.got(1);
    expect(program.texts.map(({ length }) => length)).toEqual([8_970]);
    await until(() => tunnel.stats().localDrops.truncated === 4, 'the counters');
    expect(server.received).toHaveLength(1);
  });
});

it('the client says once that datagrams are too long', () => {
  const news = new LocalNews();
  const stats = (truncated: number) =>
    ({ flowsGaveWay: 0, counters: { oversizeFlows: 0 }, localDrops: { truncated } }) as unknown as TunnelStats;
  expect(news.sample(stats(0), 0)).toEqual([]);
  const [told] = news.sample(stats(3), 1_000);
  expect(told).toMatchObject({ event: 'too-long', fields: { longestBytes: 8_970 } });
  expect(told.text).toContain('over 8,970 bytes');
  expect(news.sample(stats(9), 1_000_000)).toEqual([]);
});
