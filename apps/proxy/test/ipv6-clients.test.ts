import { dataAddressV6Extension, observedAddressV6Extension } from '@lightspeed/control';
import { hasIpv6 } from '@lightspeed/udp';
import { describe, expect, it } from 'vitest';
import { Control, playingClient, registeredClient } from './support/registered-client.ts';
import { ENGINES, registrarNode, testNode, testServer, testClient } from './support/scene.ts';

const EVERY = { dataBind: '[::]:0', controlBind: '[::]:0', registration: 'anyone' } as const;

/** A node as clients know it by one address. */
function at<T extends { dataAddress: { port: number }; controlAddress: { port: number } | undefined; controlPin: string | undefined }>(
  { dataAddress, controlAddress, controlPin }: T,
  control: string,
  data = control,
) {
  return {
    controlPin,
    dataAddress: { host: data, port: dataAddress.port },
    controlAddress: { host: control, port: controlAddress?.port ?? 0 },
  };
}

describe.skipIf(!hasIpv6()).each(ENGINES)('clients that have IPv6, with the %s engine,', (io) => {
  it('register, play and are told their addresses', async () => {
    const node = await registrarNode({ ...EVERY, io });
    const server = await testServer();
    const client = await playingClient(at(node, '::1'));
    await client.roundTrip(server.endpoint, 'over IPv6');
    const { extensions } = client.ack;
    expect(dataAddressV6Extension.find(extensions)).toEqual({ host: '::', port: node.dataAddress.port });
    expect(observedAddressV6Extension.find(extensions)?.host).toBe('::1');
    expect(server.payloads).toEqual(['over IPv6']);
  });

  it.each([
    ['127.0.0.1', '::1'],
    ['::1', '127.0.0.1'],
  ])('register at %s and play at %s, by proof', async (control, data) => {
    const node = await registrarNode({ ...EVERY, io });
    const server = await testServer();
    const client = await playingClient(at(node, control, data));
    await client.roundTrip(server.endpoint, 'over another family');
  });

  it('roam from IPv6 to IPv4 and back in the middle of a game, between workers too', async () => {
    const node = await registrarNode({ ...EVERY, io, workers: io === 'batch' ? 2 : 1 });
    const server = await testServer();
    const client = await playingClient(at(node, '::1'));
    await client.roundTrip(server.endpoint, 'first');
    for (const host of ['127.0.0.1', '::1', '127.0.0.1']) {
      client.node = { host, port: node.dataAddress.port };
      await client.roam();
      await client.bind();
      await client.roundTrip(server.endpoint, host);
    }
    expect(node.stats().relay).toMatchObject({ sessionsOpened: 1, flowsOpened: 1, pathsMoved: 3 });
    expect(new Set(server.received.map(({ port }) => port)).size).toBe(1);
  });

  it('use an open node on loopback without registering', async () => {
    const node = await testNode({ dataBind: '[::1]:0', io });
    const server = await testServer();
    const client = await testClient(node);
    expect((await client.roundTrip(server.endpoint, 'open')).payload).toBe('open');
  });
});

describe.skipIf(!hasIpv6())('a control plane on every address', () => {
  it('answers at each, and counts sessions of both families apart', async () => {
    const node = await registrarNode({ ...EVERY, maxSessionsPerAddress: 1 });
    for (const host of ['127.0.0.1', '::1']) {
      await registeredClient(at(node, host));
      const second = await Control.connect(at(node, host));
      await second.register();
      expect(await second.refusal()).toEqual(['rate_limited', '1 sessions from one address are the limit of this node']);
    }
    await expect.poll(() => node.stats().relay.registrations).toBe(2);
  });
});
