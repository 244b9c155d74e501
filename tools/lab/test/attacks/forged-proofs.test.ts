import { expect } from 'vitest';
import { junkProofs } from './support/floods.ts';
import { data, destinations, fin, proof } from './support/forgery.ts';
import { describeAttacks } from './support/scenario.ts';

const JUNK = 2_000;
const OWN = 3;
const MOST_DESTINATIONS = 10;

describeAttacks('proofs', (scenario) => {
  scenario("a client's own proofs are answered behind thousands of junk proofs from its address", async (stage) => {
    const from = stage.attackerAt(6_000);
    const session = await stage.registration();
    const [{ packets: junk }] = junkProofs(from, JUNK);
    const own = Array.from({ length: OWN }, (_, index) => proof(session, { nonce: index }));
    const packets = own.flatMap((packet) => [...junk, packet]);
    await stage.attack([{ from, packets }], { perSecond: 5_000, count: packets.length });
    await stage.until('udp_events_total{event="datagrams_received"}', packets.length);
    expect(await stage.metric('client_packets_total{kind="handshake"}')).toBe(OWN);
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
