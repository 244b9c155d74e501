import { Capability } from '@lightspeed/control';
import { expect } from 'vitest';
import { DUPLICATE, STANDBY, data, fin, proof } from './support/forgery.ts';
import { describeAttacks } from './support/scenario.ts';
import { amplification } from './support/stage.ts';
import type { Stage } from './support/stage.ts';

const REQUEST_BYTES = 1_000;
const REQUESTS = 200;
const SETTLE_MS = 200;
const MAX_AMPLIFICATION = 3;
const ENDED = 'sessions_ended_total{how="closed"}';

/** Attackers whose client knows of no challenges, answers those to its own address, and does not even do that. */
const ATTACKERS = [{}, { capabilities: Capability.challenge }, { capabilities: Capability.challenge, binds: false }];

interface Ticketed {
  readonly capabilities?: number;
  readonly binds?: boolean;
}

/** A ticket holder binds its session at home, adds a victim's ports as paths, and plays. @param forged what else it sends in the victim's name */
async function addPaths(
  stage: Stage,
  { capabilities, binds = true }: Ticketed,
  mode: number,
  forged: (token: number, path: number) => Uint8Array[],
): Promise<void> {
  const session = await stage.registration(stage.scene.ticket(), capabilities);
  const own = stage.attackerAt(6_000);
  const ended = await stage.metric(ENDED);
  const requests = Array.from({ length: REQUESTS }, (_, index) => data(session.token, 100 + index, stage.gameServer, REQUEST_BYTES));
  const first = { nonce: 1, mode };
  if (binds) await stage.bind(session, own, first);
  else await stage.attack([{ from: own, packets: [proof(session, first)] }], { perSecond: 1, count: 1 });
  for (const path of [1, 2, 3]) {
    const packets = [proof(session, { nonce: 10 + path, path, mode }), ...forged(session.token, path)];
    await stage.attack([{ from: stage.victimAt(7_000 + path), packets }], { perSecond: 20, count: packets.length });
  }
  await stage.settle(SETTLE_MS);
  await stage.attack([{ from: own, packets: requests }], { perSecond: 300, count: REQUESTS });
  await stage.attack([{ from: own, packets: [fin(session.token, 1_000)] }], { perSecond: 1, count: 1 });
  await stage.until(ENDED, ended + 1);
}

async function expectLittle(stage: Stage, mode: number, forged: (token: number, path: number) => Uint8Array[] = () => []): Promise<void> {
  for (const attacker of ATTACKERS) {
    const factor = await amplification(stage, stage.victim, () => addPaths(stage, attacker, mode, forged));
    // Something came, or the attack was none.
    expect(factor).toBeGreaterThan(0);
    expect(factor).toBeLessThanOrEqual(MAX_AMPLIFICATION);
  }
}

describeAttacks('paths', (scenario) => {
  scenario('a victim whose ports were added as paths in mode duplicate gets at most 3 times what came in its name', (stage) =>
    expectLittle(stage, DUPLICATE),
  );

  scenario("a victim in whose name data went to the attacker's own server gets at most 3 times of it", async (stage) => {
    const server = stage.attackerAt(9_000);
    await stage.serve(server, REQUESTS, REQUEST_BYTES);
    await expectLittle(stage, STANDBY, (token, path) => [data(token, path, server)]);
  });
});
