import { setTimeout } from 'node:timers/promises';
import { Random } from '@lightspeed/netem';
import { milliseconds, percentile } from '../figures.ts';
import { openGameServer } from '../game/game-server.ts';
import { startPlayer } from '../game/player.ts';
import type { Player } from '../game/player.ts';
import { defineRun } from '../runs.ts';
import { watch } from '../watch.ts';
import { startSoakNode } from './soak-node.ts';

const DATAGRAMS_PER_SECOND = 50;
/** What a session that is bound for so long must get back. */
const BOUND_MS = 1_000;
/** When the node dies, counted from when all play again. */
const KILL_WITHIN_MS = 2_500;
/** Clients come back within two seconds after a silence, and try again after as long. */
const RESUME_MS = 20_000;

/**
 * The node is killed again and again while clients play, come and go. Its state must load each time, and sessions that were bound for a
 * second must go on from the same egress port.
 */
export const kills = defineRun(
  'kills',
  'kill -9 of the node 100 times at any moment under load: the state loads, and sessions keep their egress port',
  { kills: 100, players: 16, seed: 1 },
  async ({ expect, progress, started }, { kills: times, players: count, seed }) => {
    const server = started.use(await openGameServer());
    let node = await startSoakNode(started, [server.address], { admit: 'whoever registers' });
    started.defer(() => node.kill());
    const random = new Random(seed);
    const players: Player[] = [];
    started.defer(async () => {
      await Promise.all(players.map((player) => player[Symbol.asyncDispose]()));
    });
    const join = async () => {
      const tunnel = { register: { nodes: [node.settings] } };
      const plan = { tunnel, gameServer: server.address, datagramsPerSecond: DATAGRAMS_PER_SECOND, waitsForNothing: true };
      players.push(await startPlayer(plan));
    };
    await Promise.all(Array.from({ length: count }, join));

    const gapsMs: number[] = [];
    let judged = 0;
    for (let kill = 1; kill <= times; kill++) {
      progress(`kill ${kill} of ${times}`);
      await setTimeout(random.next() * KILL_WITHIN_MS);
      // One goes as the node dies, and one comes afterwards, so that there are always sessions of every age.
      const leaving = players.shift()?.[Symbol.asyncDispose]();
      const killedMs = performance.now();
      // The server got a session's first datagram when it was bound.
      const old = players.flatMap(({ game: { stream } }) => {
        const account = server.games.get(stream);
        return account !== undefined && killedMs - account.sinceMs >= BOUND_MS ? [{ account, source: account.source }] : [];
      });
      await node.kill();
      // Only the next node can pass on what is sent from here on. Answers that were under way do not count.
      const sent = new Map(players.map((player) => [player, player.game.sent()]));
      node = await node.again();
      const fault = node.lines.find((line) => /"level":(40|50|60)/.test(line) && /state|session/.test(line));
      expect.that(fault === undefined, `kill ${kill}: the node says: ${fault}`);
      const hasLoaded = node.lines.some((line) => line.includes('goes on with the clients of an earlier run'));
      expect.that(hasLoaded || old.length === 0, `kill ${kill}: the node says nothing of the clients that it had`);
      const areBack = () => [...sent].every(([{ game }, number]) => game.newest() >= number);
      const back = await watch(areBack, RESUME_MS, () => progress(`kill ${kill}: not all play again yet`));
      expect.that(back, `kill ${kill}: not all play again within ${RESUME_MS / 1_000} s`);
      gapsMs.push(performance.now() - killedMs);
      for (const { account, source } of old) {
        judged++;
        expect.that(account.source === source, `kill ${kill}: the server sees a player at ${account.source}, who was at ${source}`);
      }
      await Promise.all([leaving, join()]);
    }
    return {
      kills: times,
      'players at a time': count,
      'sessions judged': judged,
      'gap: median, longest': `${milliseconds(percentile(gapsMs, 0.5))}, ${milliseconds(Math.max(...gapsMs))}`,
    };
  },
);
