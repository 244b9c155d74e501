import { Random } from '@lightspeed/netem';
import { HEADER_BYTES, formatEndpoint, readDestinationIp, readDestinationPort } from '@lightspeed/wire';
import { expect, it } from 'vitest';
import { hostileDatagrams } from '../src/soak/hostile-datagrams.ts';
import { hostile } from '../src/soak/hostile.ts';

it('hostile datagrams harm neither the node nor those who behave, and each is accounted for', { timeout: 60_000 }, async () => {
  const options = { seconds: 5, attackers: 8, datagramsPerSecond: 2_000, goodClients: 10, seed: 2 };
  const outcome = await hostile.start(() => undefined, options);
  expect(outcome.faults).toEqual([]);
  expect(outcome.figures.drops).toMatch(/too_short .*bad_version .*bad_token .*destination_denied/);
});

it("hostile datagrams are of all lengths, and none names a destination but the run's own and those that no node allows", () => {
  const write = hostileDatagrams(new Random(3));
  const bytes = new Uint8Array(65_600);
  const server = { ip: 0x7f00_0001, port: 4_000 };
  let toServer = 0;
  let tooShort = 0;
  let tooLong = 0;
  for (let count = 0; count < 5_000; count++) {
    const length = write(bytes, { token: 9, server, longestDatagramBytes: 9_000 });
    expect(length).toBeLessThanOrEqual(65_507);
    if (length < HEADER_BYTES) tooShort++;
    if (length > 9_000) tooLong++;
    const destination = formatEndpoint(readDestinationIp(bytes, 0), readDestinationPort(bytes, 0));
    if (destination === '127.0.0.1:4000') toServer++;
    else expect(destination).toMatch(/^(0|10|127|224|239|240|255)\./);
  }
  for (const many of [toServer, tooShort, tooLong]) expect(many).toBeGreaterThan(50);
});
