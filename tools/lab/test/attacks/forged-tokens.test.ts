import { expect } from 'vitest';
import { allTokens, handshakesWithoutToken } from './support/floods.ts';
import { describeAttacks, expectUnharmed } from './support/scenario.ts';

const PACE = { perSecond: 3_000, count: 6_000 };
/** Every token once, with data, FINs and HANDSHAKEs. */
const FIRST = { perSecond: 3_000, count: 3 * 255 };

describeAttacks('tokens', (scenario) => {
  scenario('HANDSHAKEs with token 0 from its address cost a player nothing', async (stage) => {
    const [player] = await stage.play();
    await expectUnharmed(stage, () => stage.attack(handshakesWithoutToken(player), PACE));
  });

  scenario('who tries all tokens draws tags, and costs the player nothing from then on', async (stage) => {
    const [player] = await stage.play();
    const forged = allTokens(stage, player);
    await stage.attack(forged, FIRST);
    await stage.until('tagged_sessions_total', 1);
    await expectUnharmed(stage, () => stage.attack(forged, PACE));
    expect(await stage.metric('sessions_opened_total')).toBe(1);
  });
});
