import { expect } from 'vitest';
import { allTokens, handshakesWithoutToken, trueProofs } from './support/floods.ts';
import { data, handshake } from './support/forgery.ts';
import { describeAttacks, expectUnharmed } from './support/scenario.ts';

const RECORDED = 20;
const LATER_US = 1_000_000_000;
const PACE = { perSecond: 3_000, count: 4_000 };
/** Every token once, with data, FINs and HANDSHAKEs. */
const FIRST = { perSecond: 3_000, count: 3 * 255 };

describeAttacks('tokens', (scenario) => {
  scenario("HANDSHAKEs from its address cost a player nothing, with token 0 or another registration's true proofs", async (stage) => {
    const [player] = await stage.play();
    const bursts = [...handshakesWithoutToken(player), ...trueProofs(await stage.registration(), [player], PACE.count)];
    await expectUnharmed(stage, () => stage.attack(bursts, PACE));
  });

  scenario('who tries all tokens draws tags, and costs the player nothing from then on', async (stage) => {
    const [player] = await stage.play();
    const forged = allTokens(stage, player);
    await stage.attack(forged, FIRST);
    await stage.until('tagged_sessions_total', 1);
    await expectUnharmed(stage, () => stage.attack(forged, PACE));
    expect(await stage.metric('sessions_opened_total')).toBe(1);
  });

  scenario('packets that were recorded come to no server again behind HANDSHAKEs that say that the client starts over', async (stage) => {
    const session = await stage.registration();
    const from = stage.attackerAt(6_000);
    await stage.bind(session, from, { nonce: 1 });
    const dataWith = (sequence: number) => data(session.token, sequence, stage.gameServer);
    const recorded = Array.from({ length: RECORDED }, (_, index) => dataWith(1 + index));
    const starts = [0, session.token].map((token, index) => handshake(token, 0, LATER_US + index));
    // The node handles them in this order.
    const packets = [...recorded, ...starts, ...recorded, dataWith(1 + RECORDED)];
    await stage.attack([{ from, packets }], { perSecond: 500, count: packets.length });
    await expect.poll(() => stage.meter.packetsTo(stage.gameServer.port)).toBeGreaterThan(RECORDED);
    expect(await stage.meter.packetsTo(stage.gameServer.port)).toBe(RECORDED + 1);
  });
});
