import { expect } from 'vitest';
import { newDestinations } from './support/floods.ts';
import { data, destinations, proof } from './support/forgery.ts';
import { describeAttacks, expectUnharmed } from './support/scenario.ts';

/** A ban is earned in three full windows of 10 s. */
const PACE = { perSecond: 250, count: 250 * 21 };

describeAttacks('bans', (scenario) => {
  scenario('players keep their address when others ask for new destinations in its name, by ticket or by guess', async (stage) => {
    const [player] = await stage.play();
    const session = await stage.registration();
    const asks = destinations(stage.gameServer.ip, 3_000).map((to, index) => data(session.token, index + 1, to));
    await stage.attack([{ from: { ...player, port: 40_001 }, packets: [proof(session, { nonce: 1 })] }], { perSecond: 1, count: 1 });
    const bursts = [{ from: { ...player, port: 40_001 }, packets: asks }, ...newDestinations(stage, player)];
    await expectUnharmed(stage, () => stage.attack(bursts, PACE));
    expect(await stage.metric('banned_addresses')).toBe(0);
    expect(await stage.metric('sessions_ended_total{how="closed"}')).toBeLessThanOrEqual(1);
  });
});
