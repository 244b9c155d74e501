import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { describeAttacks } from './support/scenario.ts';
import { amplification } from './support/stage.ts';

const PACE = { perSecond: 4_000, count: 4_000 };
const MAX_AMPLIFICATION = 3;
const INITIAL_BYTES = 1_200;
const VERSION = 1;
const OTHER_VERSION = 0x0a0a_0a0a;

/** An Initial that carries nothing (RFC 9000, section 17.2.2): header, connection ids, no token, a length, and noise. */
function junkInitial(bytes: number, version: number): Buffer {
  const connectionIdBytes = bytes < 40 ? 0 : 8;
  const start = Buffer.from([0xc3, 0, 0, 0, 0]);
  start.writeUInt32BE(version, 1);
  const ids = [1, 2].flatMap(() => [Buffer.from([connectionIdBytes]), randomBytes(connectionIdBytes)]);
  const head = Buffer.concat([start, ...ids, Buffer.from([0])]);
  const length = Buffer.alloc(2);
  const rest = bytes - head.length - length.length;
  length.writeUInt16BE(0x4000 | rest);
  return Buffer.concat([head, length, randomBytes(rest)]);
}

/** What opens no connection, being too short, or of another version. */
const tooShort = [10, 40, INITIAL_BYTES - 1].flatMap((bytes) => [VERSION, OTHER_VERSION].map((version) => junkInitial(bytes, version)));
/** What begins like a packet of a connection that there is not. */
const others = Array.from({ length: 8 }, () => Buffer.concat([Buffer.from([0x40]), randomBytes(9)]));

describeAttacks('the control port', (scenario) => {
  scenario(
    'a victim gets nothing for what is too short to open a connection, little for junk that is not, and clients register',
    async (stage) => {
      /** Until a client has registered behind it: all of it was looked at then. */
      const amplified = async (packets: readonly Buffer[]) => {
        let sent = 0;
        const send = async () => {
          ({ sent } = await stage.attack([{ from: stage.victimAt(7_000), packets }], PACE, 'control'));
          await stage.registration();
        };
        return { factor: await amplification(stage, stage.victim, send, 'control'), sent };
      };
      expect((await amplified(others)).factor).toBe(0);
      const { factor, sent } = await amplified(tooShort);
      expect(factor).toBe(0);
      expect(await stage.metric('control_dropped_packets_total')).toBeGreaterThanOrEqual(sent);
      const ofJunk = await amplified(Array.from({ length: 1_000 }, () => junkInitial(INITIAL_BYTES, VERSION)));
      expect(ofJunk.factor).toBeGreaterThan(0);
      expect(ofJunk.factor).toBeLessThanOrEqual(MAX_AMPLIFICATION);
    },
  );
});
