import { expect } from 'vitest';
import { data } from './support/forgery.ts';
import { describeAttacks } from './support/scenario.ts';

const ANSWER_BYTES = 1_420;
const ANSWERS = 200;
/** 6,000 answers a second. */
const PACE = { perSecond: 30, count: 30 };
/** IP, UDP and tunnel headers. */
const HEADERS_BYTES = 20 + 8 + 20;

/** Rates of a node's own configuration and of two tickets, and why answers over them are dropped. */
const LIMITS = [
  { rateBps: 1_000_000, ratePps: 1_000, limits: 'rate_bytes' },
  { rateBps: 100_000, ratePps: 1_000, limits: 'rate_bytes' },
  { rateBps: 1_000_000, ratePps: 100, limits: 'rate_packets' },
];

describeAttacks('answers', (scenario) => {
  scenario(
    'a client gets of a server that answers with much no more than its rate and a second of it, by node or ticket',
    async (stage) => {
      const server = stage.attackerAt(9_000);
      await stage.serve(server, ANSWERS, ANSWER_BYTES);
      for (const [index, { rateBps, ratePps, limits }] of LIMITS.entries()) {
        const session = await stage.registration(stage.scene.ticket(index === 0 ? {} : { rateBps, ratePps }));
        const from = stage.attackerAt(6_000 + index);
        await stage.bind(session, from, { nonce: 1 });
        const asks = Array.from({ length: PACE.count }, (_, number) => data(session.token, 1 + number, server));
        const before = await stage.meter.bytesTo(from);
        const startMs = performance.now();
        await stage.attack([{ from, packets: asks }], PACE);
        const got = (await stage.meter.bytesTo(from)) - before;
        const seconds = 1 + (performance.now() - startMs) / 1_000;
        const most = Math.floor(Math.min(ratePps, rateBps / ANSWER_BYTES) * seconds);
        expect(got).toBeGreaterThan(0);
        expect(await stage.metric(`dropped_packets_total{direction="server",reason="${limits}"}`)).toBeGreaterThan(0);
        expect(got).toBeLessThanOrEqual(most * (ANSWER_BYTES + HEADERS_BYTES));
      }
    },
  );
});
