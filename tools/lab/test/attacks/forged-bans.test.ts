import { Capability } from '@lightspeed/control';
import { decodeTicket } from '@lightspeed/security';
import { expect } from 'vitest';
import { newDestinations } from './support/floods.ts';
import { data, destinations, proof } from './support/forgery.ts';
import { describeAttacks, expectUnharmed } from './support/scenario.ts';

/** A ban is earned in three full windows of 10 s. So it comes 20 s after the first packet that arrives, and a little may be late. */
const PACE = { perSecond: 375, count: 375 * 24 };
const ONCE = { perSecond: 10, count: 2 };

describeAttacks('bans', (scenario) => {
  scenario(
    "who asks for new destinations in a player's name is banned by ticket, and nobody else is, by ticket or address",
    async (stage) => {
      const [player] = await stage.play();
      const ticket = stage.scene.ticket();
      const misuser = await stage.registration(ticket);
      // Its token was guessed at once. Its own packets would have tags as soon as it is asked.
      const guessed = await stage.registration(stage.scene.ticket(), Capability.tags | Capability.challenge);
      const sessions = [
        { session: misuser, from: { ...player, port: 40_001 } },
        { session: guessed, from: stage.attackerAt(6_000) },
      ];
      const bursts = (packetsOf: (session: typeof misuser) => Uint8Array[]) =>
        sessions.map(({ session, from }) => ({ from, packets: packetsOf(session) }));
      const asks = bursts(({ token }) => destinations(stage.gameServer.ip, 3_000).map((to, index) => data(token, index + 1, to)));
      await stage.attack(
        bursts((session) => [proof(session, { nonce: 1 })]),
        ONCE,
      );
      await expectUnharmed(stage, () => stage.attack([...asks, ...newDestinations(stage, player)], PACE));
      await stage.until('bans_total', 1);
      const decoded = decodeTicket(ticket);
      expect(await stage.banned()).toEqual([decoded.type === 'ticket' ? decoded.id : '']);
      expect(await stage.metric('bans_total')).toBe(1);
      expect(await stage.metric('registrations_ended_total{why="banned"}')).toBe(1);
      expect(await stage.metric('banned_addresses')).toBe(0);
    },
  );
});
