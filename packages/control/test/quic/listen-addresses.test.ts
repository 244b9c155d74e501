import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { CloseCode, makeCertificate, pinOf } from '@lightspeed/control/quic';
import type { ControlConnection, ControlListener } from '@lightspeed/control/quic';
import { answer, connect, listen, rawSession, sessionEnd } from './support.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === '::1'));
/** 127.0.0.0/8 is this machine, so each is an address of its own. */
const LOCAL = ['127.0.0.1', '127.0.0.2'];
const PING = { type: 'ping', timestampUs: 1n } as const;

function at(listener: ControlListener, host: string): Promise<ControlConnection> {
  return connect(listener, { host });
}

it('listens on every address of the machine, at one port, and says which one a client spoke to', async () => {
  const locals: unknown[] = [];
  const listener = await listen({
    bind: { host: '0.0.0.0', port: 0 },
    localHosts: [...LOCAL, '::1'],
    onConnection: ({ local }) => locals.push(local),
  });
  const { port } = listener.endpoint;
  expect(listener.endpoint.host).toBe('0.0.0.0');
  expect(listener.hosts).toEqual(LOCAL);
  for (const host of LOCAL) await at(listener, host);
  await expect.poll(() => locals).toEqual(LOCAL.map((host) => ({ host, port })));
});

it.skipIf(!hasIpv6)('listens on addresses of both families, link-local ones left out', async () => {
  const listener = await listen({ bind: { host: '::', port: 0 }, localHosts: ['127.0.0.1', '::1', 'fe80::1%1'] });
  expect(listener.hosts).toEqual(['127.0.0.1', '::1']);
  for (const host of ['127.0.0.1', '::1']) {
    const connection = await at(listener, host);
    expect(await answer(connection.openStream(), PING)).toMatchObject(PING);
  }
});

it('begins on an address that comes and ends on one that goes, while the other connections stay', async () => {
  const listener = await listen({ bind: { host: '0.0.0.0', port: 0 }, localHosts: ['127.0.0.1'] });
  const before = await at(listener, '127.0.0.1');
  await listener.setLocalHosts(LOCAL);
  const added = await at(listener, '127.0.0.2');
  // A client may be through with the handshake before its listener is: only who is answered is surely known to it.
  expect(await answer(added.openStream(), PING)).toMatchObject(PING);
  await listener.setLocalHosts(['127.0.0.1']);
  expect(listener.hosts).toEqual(['127.0.0.1']);
  expect(await added.whenClosed).toMatchObject({ by: 'peer', code: CloseCode.serverShutdown });
  expect(await answer(before.openStream(), PING)).toMatchObject(PING);
  await expect.poll(() => listener.connections).toBe(1);
});

it('says which addresses it has bound, those that come later and those that it binds again included', async () => {
  const bound: string[] = [];
  const options = {
    bind: { host: '0.0.0.0', port: 0 },
    localHosts: ['127.0.0.1'],
    onBound: ({ host, port }: { host: string; port: number }) => bound.push(`${host} ${port}`),
  };
  const listener = await listen(options);
  const { port } = listener.endpoint;
  expect(bound.splice(0)).toEqual([`127.0.0.1 ${port}`]);
  await listener.setLocalHosts(LOCAL);
  expect(bound.splice(0)).toEqual([`127.0.0.2 ${port}`]);
  await listener.replaceCertificate(await makeCertificate());
  expect(bound).toEqual([`127.0.0.1 ${port}`, `127.0.0.2 ${port}`]);
});

it('tries an address again that cannot be bound yet', async () => {
  const errors: unknown[] = [];
  const options = {
    bind: { host: '0.0.0.0', port: 0 },
    localHosts: ['127.0.0.1', '192.0.2.213'],
    onError: (error: unknown) => errors.push(error),
  };
  const listener = await listen(options);
  await listener.setLocalHosts(['127.0.0.1', '192.0.2.213']);
  expect(listener.hosts).toEqual(['127.0.0.1']);
  const other = await listen({ bind: { host: '127.0.0.2', port: listener.endpoint.port } });
  await listener.setLocalHosts(LOCAL);
  await listener.setLocalHosts(LOCAL);
  // Said once; that an address is not there is nothing to say.
  expect(errors).toHaveLength(1);
  await other.close();
  await expect
    .poll(async () => {
      await listener.setLocalHosts(LOCAL);
      return listener.hosts;
    })
    .toEqual(LOCAL);
});

it('does not start where another program has the port on one of the addresses', async () => {
  const other = await listen({ bind: { host: '127.0.0.2', port: 0 } });
  const { port } = other.endpoint;
  await expect(listen({ bind: { host: '0.0.0.0', port }, localHosts: LOCAL })).rejects.toMatchObject({ code: 'ERR_QUIC_LISTEN' });
  // Nothing is left of it, some milliseconds later.
  const again = () =>
    listen({ bind: { host: '127.0.0.1', port } }).then(
      ({ hosts }) => hosts,
      () => [],
    );
  await expect.poll(again).toEqual(['127.0.0.1']);
});

it('holds all addresses together to one limit, and counts them together', async () => {
  const listener = await listen({ bind: { host: '0.0.0.0', port: 0 }, localHosts: LOCAL, maxConnections: 2 });
  for (const host of LOCAL) await at(listener, host);
  expect(await sessionEnd(rawSession(listener))).toMatchObject({ errorCode: CloseCode.rateLimited });
  expect(listener.counters).toMatchObject({ accepted: 2, refusedOverMax: 1 });
  expect(listener.connections).toBe(2);
});

it('replaces the certificate on all addresses', async () => {
  const listener = await listen({ bind: { host: '0.0.0.0', port: 0 }, localHosts: LOCAL });
  const before = await Promise.all(LOCAL.map((host) => at(listener, host)));
  const next = await makeCertificate();
  await listener.replaceCertificate(next);
  for (const connection of before) expect(await connection.whenClosed).toMatchObject({ code: CloseCode.certificateReplaced });
  expect(listener.pin).toEqual(pinOf(next.certificatePem));
  for (const host of LOCAL) expect((await at(listener, host)).peerPin).toEqual(listener.pin);
});
