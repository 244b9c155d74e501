import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_SEARCH_DATAGRAMS_AT_SERVER } from '@lightspeed/probe';
import { FIRST_ROUTER, LAST_ROUTER, NOBODY, Network, SERVER, whyNoNetworks } from './support/networks.ts';

const why = whyNoNetworks();
const port = 27_015;
const lost = [null, null, null];
const some = [expect.any(Number), expect.any(Number), expect.any(Number)];

describe.skipIf(why !== undefined)(`in network namespaces${why === undefined ? '' : ` (not run: ${why})`}`, { timeout: 60_000 }, () => {
  let network: Network;
  beforeAll(async () => {
    network = await Network.open();
  });
  afterAll(() => network[Symbol.asyncDispose]());

  it('a server that answers pings and refuses connections is measured by both', async () => {
    expect(await network.measure('icmp', { ip: SERVER, port }, { count: 3 })).toMatchObject({ origin: SERVER, roundTripsMs: some });
    // Nobody listens at the port: that is an answer like any other.
    expect(await network.measure('tcp', { ip: SERVER, port }, { count: 3 })).toMatchObject({ origin: SERVER, roundTripsMs: some });
  });

  it('the last router before a server that says that nobody is at its port is found', async () => {
    const measured = await network.measure('ttl', { ip: SERVER, port }, { count: 3 });

    expect(measured).toMatchObject({ origin: LAST_ROUTER, ttl: 2, roundTripsMs: some });
  });

  it('the last routers take turns where that is asked for, and each probe says who has answered it', async () => {
    const measured = await network.measure('ttl', { ip: SERVER, port }, { count: 5, routers: 3 });

    expect(measured).toMatchObject({
      ttl: 2,
      origin: LAST_ROUTER,
      origins: [LAST_ROUTER, FIRST_ROUTER, LAST_ROUTER, FIRST_ROUTER, LAST_ROUTER],
      roundTripsMs: [...some, expect.any(Number), expect.any(Number)],
    });
  });

  it('all routers on the way are listed, each with a round trip, without rights', async () => {
    expect(await network.routers({ ip: SERVER, port })).toEqual({
      routers: [
        { ttl: 1, ip: FIRST_ROUTER, roundTripMs: expect.any(Number) },
        { ttl: 2, ip: LAST_ROUTER, roundTripMs: expect.any(Number) },
      ],
      serverTtl: 3,
    });
  });

  it('pings without rights as soon as the system allows them to the group, and says what to do until then', async () => {
    const refused = await network.measure('icmp', { ip: SERVER, port }, {}, 1_234);
    expect(refused).toMatchObject({ code: 'ERR_PROBE_UNAVAILABLE', message: expect.stringContaining('sysctl net.ipv4.ping_group_range') });

    await network.allowPing('0 2147483647');
    expect(await network.measure('icmp', { ip: SERVER, port }, { count: 3 }, 1_234)).toMatchObject({ roundTripsMs: some });
  });

  it('by a router that answers nothing behind it, nothing is lost but the probes', async () => {
    expect(await network.measure('tcp', { ip: NOBODY, port }, { count: 3, timeoutMs: 100 })).toMatchObject({ roundTripsMs: lost });
  });

  it('a silent server is measured by the last router before it, and the probes do not reach it', async () => {
    await network.silence();
    expect(await network.measure('icmp', { ip: SERVER, port }, { count: 3, timeoutMs: 100 })).toMatchObject({ roundTripsMs: lost });
    expect(await network.measure('tcp', { ip: SERVER, port }, { count: 3, timeoutMs: 100 })).toMatchObject({ roundTripsMs: lost });

    const measured = await network.measure('ttl', { ip: SERVER, port }, { count: 10 }, 1_234);
    const { routers, ...rest } = await network.routers({ ip: SERVER, port });

    expect([routers.map(({ ip }) => ip), rest]).toEqual([[FIRST_ROUTER, LAST_ROUTER], {}]);
    expect(measured).toMatchObject({ origin: LAST_ROUTER, ttl: 2 });
    expect(measured.roundTripsMs.filter((ms) => ms !== null)).toHaveLength(10);
    // Those of both searches, which had to learn where the server is.
    expect(await network.emptyDatagramsAtServer()).toBeLessThanOrEqual(2 * MAX_SEARCH_DATAGRAMS_AT_SERVER);
  });
});
