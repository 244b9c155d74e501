import { expect } from 'vitest';
import { data, forEachToken, handshake, keepalive } from './support/forgery.ts';
import { describeAttacks, expectUnharmed } from './support/scenario.ts';
import { amplification } from './support/stage.ts';

const ANSWERS = 2_000;
const ANSWER_BYTES = 1_000;
const MAX_AMPLIFICATION = 8;

describeAttacks('open nodes', (scenario) => {
  scenario(
    "a victim gets at most 8 times what came in its name, with every token, for an attacker's own server",
    async (stage) => {
      const server = stage.attackerAt(9_000);
      await stage.serve(server, ANSWERS, ANSWER_BYTES);
      const guesses = forEachToken((token) => data(token, token, server));
      const packets = guesses.flatMap((guess, index) => [handshake(0, index), guess]);
      await stage.attack([{ from: stage.victimAt(7_000), packets }], { perSecond: 500, count: packets.length });
      await stage.until('udp_events_total{event="datagrams_received"}', packets.length);
      const factor = await amplification(stage, stage.victim);
      expect(factor).toBeGreaterThan(0);
      expect(factor).toBeLessThanOrEqual(MAX_AMPLIFICATION);
    },
    { dialect: 'standard' },
  );

  scenario(
    'a player of dialect reference keeps its session when wrong tokens come from its address',
    async (stage) => {
      const [from] = await stage.play();
      const packets = forEachToken((token) => keepalive(token, token));
      await expectUnharmed(stage, () => stage.attack([{ from, packets }], { perSecond: 500, count: packets.length }));
      expect(await stage.metric('sessions_ended_total{how="closed"}')).toBe(0);
    },
    { dialect: 'reference' },
  );
});
