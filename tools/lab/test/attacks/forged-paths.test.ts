import { expect } from 'vitest';
import { trueProofs } from './support/floods.ts';
import { DUPLICATE, STANDBY, data, fin, proof } from './support/forgery.ts';
import { describeAttacks, expectUnharmed } from './support/scenario.ts';
import { amplification } from './support/stage.ts';
import type { Stage } from './support/stage.ts';

const REQUEST_BYTES = 1_000;
const REQUESTS = 300;
const MAX_AMPLIFICATION = 3;

/** A ticket holder binds its session at home, adds a victim's ports as paths, and plays. @param forged what else it sends in the victim's name */
async function addPaths(stage: Stage, mode: number, forged: (token: number) => Uint8Array[]): Promise<void> {
  const session = await stage.registration();
  const own = stage.attackerAt(6_000);
  const proofs = [1, 2, 3].map((path) => proof(session, { nonce: 1 + path, path, mode }));
  const requests = Array.from({ length: REQUESTS }, (_, index) => data(session.token, 100 + index, stage.gameServer, REQUEST_BYTES));
  await stage.attack([{ from: own, packets: [proof(session, { nonce: 1, mode })] }], { perSecond: 1, count: 1 });
  for (const [index, packet] of proofs.entries()) {
    await stage.attack([{ from: stage.victimAt(7_000 + index), packets: [packet, ...forged(session.token)] }], {
      perSecond: 20,
      count: 1 + forged(0).length,
    });
  }
  await stage.attack([{ from: own, packets: requests }], { perSecond: 200, count: REQUESTS });
  await stage.attack([{ from: own, packets: [fin(session.token, 1_000)] }], { perSecond: 1, count: 1 });
  await stage.until('sessions_ended_total{how="closed"}', 1);
}

describeAttacks('paths', (scenario) => {
  scenario('a victim whose ports were added as paths in mode duplicate gets at most 3 times what came in its name', async (stage) => {
    await addPaths(stage, DUPLICATE, () => []);
    expect(await amplification(stage, stage.victim)).toBeLessThanOrEqual(MAX_AMPLIFICATION);
  });

  scenario('a victim whose ports were added as paths in mode standby, and sent data, gets at most 3 times of it', async (stage) => {
    await addPaths(stage, STANDBY, (token) => [data(token, 500, stage.gameServer)]);
    expect(await amplification(stage, stage.victim)).toBeLessThanOrEqual(MAX_AMPLIFICATION);
  });

  scenario("a player keeps its address when another registration's true proofs come from there", async (stage) => {
    const [player] = await stage.play();
    const forged = trueProofs(await stage.registration(), [player], 50);
    await expectUnharmed(stage, () => stage.attack(forged, { perSecond: 50, count: 50 }));
  });
});
