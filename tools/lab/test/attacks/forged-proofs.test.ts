import { expect } from 'vitest';
import { junkProofs } from './support/floods.ts';
import { data, destinations, fin, proof } from './support/forgery.ts';
import { describeAttacks, expectUnharmed } from './support/scenario.ts';

/** As long as somebody joins at most: a second of junk each. */
const MOST_ROUNDS = 10;
const JUNK_PER_SECOND = 4_000;
/** Those of which the newcomer's sockets get some. */
const PORTS = Array.from({ length: 8 }, (_, index) => 40_000 + index);
const MOST_DESTINATIONS = 10;

describeAttacks('proofs', (scenario) => {
  scenario("a player's own proof is answered while junk proofs come from its address", async (stage) => {
    await stage.play();
    await stage.home.in.run('sh', ['-c', `echo ${PORTS[0]} ${PORTS.at(-1)} > /proc/sys/net/ipv4/ip_local_port_range`]);
    const junk = PORTS.flatMap((port) => junkProofs({ ip: stage.home.ip, port }));
    let rounds = 0;
    await expectUnharmed(
      stage,
      async () => {
        let joined = false;
        const joining = stage.play(2).then(() => (joined = true));
        while (!joined && rounds++ < MOST_ROUNDS) {
          await stage.attack(junk, { perSecond: JUNK_PER_SECOND, count: JUNK_PER_SECOND });
        }
        await joining;
      },
      2,
    );
    expect(rounds).toBeLessThanOrEqual(MOST_ROUNDS);
  });

  scenario('limits do not start afresh with FINs and new proofs, or with a new registration of the same ticket', async (stage) => {
    const ticket = stage.scene.ticket();
    const from = stage.attackerAt(6_000);
    let port = 1_000;
    for (let registered = 0; registered < 2; registered++) {
      const session = await stage.registration(ticket);
      const packets: Uint8Array[] = [];
      for (let round = 0; round < 20; round++, port += 12) {
        const sequence = 1_000 * round;
        const asks = destinations(stage.gameServer.ip, 12, port).map((to, index) => data(session.token, sequence + 1 + index, to));
        packets.push(proof(session, { nonce: round }), ...asks, fin(session.token, sequence + 20));
      }
      await stage.attack([{ from, packets }], { perSecond: 250, count: packets.length });
      await stage.release();
    }
    expect(new Set(await stage.meter.reached()).size).toBe(MOST_DESTINATIONS);
  });
});
