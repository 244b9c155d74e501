import { expect } from 'vitest';
import { data, fin, forEachToken, handshake } from './support/forgery.ts';
import { describeAttacks, expectUnharmed } from './support/scenario.ts';

const PACE = { perSecond: 3_000, count: 6_000 };
const ROUNDS = 8;

describeAttacks('tokens', (scenario) => {
  scenario('HANDSHAKEs with token 0 from its address cost a player nothing', async (stage) => {
    const [from] = await stage.play();
    const packets = Array.from({ length: 500 }, (_, index) => handshake(0, index));
    await expectUnharmed(stage, () => stage.attack([{ from, packets }], PACE));
  });

  scenario('who tries all tokens draws tags, and costs the player nothing from then on', async (stage) => {
    const [from] = await stage.play();
    const rounds = Array.from({ length: ROUNDS }, (_, round) => 30_000 + round);
    const packets = rounds.flatMap((sequence) => [
      ...forEachToken((token) => data(token, sequence, stage.gameServer)),
      ...forEachToken((token) => fin(token, sequence)),
      ...forEachToken((token) => handshake(token, sequence)),
    ]);
    await stage.attack([{ from, packets }], { perSecond: 3_000, count: 3 * 255 });
    await stage.until('tagged_sessions_total', 1);
    await stage.players.mark();
    await expectUnharmed(stage, () => stage.attack([{ from, packets }], PACE));
    expect(await stage.metric('sessions_opened_total')).toBe(1);
  });
});
