import { data, destinations, forEachToken, proof } from './support/forgery.ts';
import { describeAttacks, expectUnharmed } from './support/scenario.ts';

describeAttacks('bans', (scenario) => {
  scenario("a ticket holder who proves a session from a player's address and asks for new destinations", async (stage) => {
    await stage.play();
    const [player] = await stage.playerPorts();
    const session = await stage.registration();
    const forged = { ...player, port: 40_001 };
    const asks = destinations(stage.gameServer.ip, 400).map((to, index) => data(session.token, index + 1, to));
    await expectUnharmed(stage, () =>
      stage.attack([{ from: forged, packets: [proof(session, { nonce: 1 }), ...asks] }], { perSecond: 200, count: 401 }),
    );
  });

  scenario("a stranger who sends every token to 12 destinations from a player's address and port", async (stage) => {
    await stage.play();
    const [from] = await stage.playerPorts();
    const packets = destinations(stage.gameServer.ip, 12).flatMap((to, index) => forEachToken((token) => data(token, 30_000 + index, to)));
    await expectUnharmed(stage, () => stage.attack([{ from, packets }], { perSecond: 2_000, count: packets.length }));
  });
});
