import { expect } from 'vitest';
import { allTokens } from './support/floods.ts';
import { describeAttacks, expectUnharmed, expectWhole } from './support/scenario.ts';

const PACE = { perSecond: 3_000, count: 4_000 };
/** Every token once, with data, FINs and HANDSHAKEs. */
const FIRST = { perSecond: 3_000, count: 3 * 255 };

describeAttacks("answers in the node's name", (scenario) => {
  scenario('who tries all tokens draws tags, and costs the player nothing from then on', async (stage) => {
    const [player] = await stage.play();
    const send = await stage.impostor();
    const forged = allTokens(stage, stage.dataPort);
    await send(player, forged, FIRST);
    await stage.until('tagged_sessions_total', 1);
    await expectUnharmed(stage, () => send(player, forged, PACE));
    expect(await stage.metric('sessions_opened_total')).toBe(1);
  });

  scenario(
    'a player at a node that has tags off keeps session and port, and loses nothing a second later',
    async (stage) => {
      const [player] = await stage.play();
      const send = await stage.impostor();
      await expectWhole(stage, () => send(player, allTokens(stage, stage.dataPort), PACE));
    },
    { flags: ['--tags', 'off'] },
  );
});
