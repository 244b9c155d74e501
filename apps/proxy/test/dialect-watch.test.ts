import { FecHeader } from '@lightspeed/wire';
import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { watchDialect } from '../src/node/dialect-watch.ts';
import { WARN, loggedNode } from './support/logged-node.ts';
import { GAME } from './support/raw-client.ts';
import { testClient, testNode, unknownClient } from './support/scene.ts';
import { eventually } from './support/eventually.ts';

it('a node says once that its clients speak the other dialect, when many packets within a minute show it', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const lines: string[] = [];
  let dropped = 5_000;
  const end = watchDialect(() => dropped, pino({}, { write: (line) => void lines.push(line) }));
  vi.advanceTimersByTime(60_000);
  dropped += 599;
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([]);
  dropped += 600;
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toMatchObject({ packets: 600, msg: expect.stringContaining('--dialect reference') as string });
  dropped += 6_000;
  vi.advanceTimersByTime(120_000);
  expect(lines).toHaveLength(1);
  end();
});

it('a running node says it to clients of dialect reference, with the option that helps', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { node, log } = await loggedNode({ requireAuth: false, controlBind: 'off' });
  const client = await unknownClient(node, { dialect: 'reference' });
  await eventually(() => {
    for (let i = 0; i < 20; i++) client.data(GAME, 'the two bytes in front are flags', FecHeader.data(0, 0, 4));
    expect(node.stats().clientDrops.reserved_not_zero).toBeGreaterThanOrEqual(600);
  });
  const said = () => log.filter(({ msg }) => msg.includes('start the node with --dialect reference'));
  expect(said()).toEqual([]);
  vi.advanceTimersByTime(60_000);
  expect(said()).toHaveLength(1);
  expect(said()[0]).toMatchObject({ level: WARN, withinSeconds: 60 });
  vi.useRealTimers();
});

it('an open node of dialect reference echoes a KEEPALIVE of a client that has no session, and one of the other dialect does not', async () => {
  const node = await testNode({ dialect: 'reference' });
  const client = await unknownClient(node, { dialect: 'reference' });
  client.keepalive(7);
  expect((await client.next('keepalive')).header.timestampUs).toBe(7);
  expect(node.stats().relay.sessionsOpened).toBe(0);
  const standard = await testNode();
  const stranger = await unknownClient(standard);
  stranger.keepalive(7);
  await eventually(() => expect(standard.stats().clientDrops.unknown_session).toBe(1));
  await testClient(standard);
});
