import { DEFAULT_RELAY_OPTIONS } from '@lightspeed/session';
import { describeDataSocketFd, hasIpv6, openDataSocketFd } from '@lightspeed/udp';
import { nodeConfig } from '@lightspeed/proxy';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DataPort } from '../src/supervisor/data-port.ts';
import { Supervisor } from '../src/supervisor/supervisor.ts';
import { RawClient } from './support/raw-client.ts';

const ANY = { host: '0.0.0.0', port: 0 };
/** Nobody has it: it is for documents (RFC 5737). */
const FOREIGN = '192.0.2.77';

async function openPort(...of: Parameters<typeof DataPort.open>): Promise<DataPort> {
  const port = await DataPort.open(...of);
  onTestFinished(() => port.close());
  return port;
}

function addressesOf(port: DataPort, worker: number): string[] {
  return port.ownFdsOf(worker).map((fd) => {
    const { address, port: number } = describeDataSocketFd(fd);
    expect(number).toBe(port.port);
    return address;
  });
}

describe('a data port on all addresses', () => {
  it('has a socket of its own on each address, for each worker', async () => {
    const port = await openPort(ANY, 'batch', 2);
    expect(port.follow(['127.0.0.1'])).toBe(true);
    expect(port.follow(['127.0.0.1'])).toBe(false);
    expect(port.follow(['127.0.0.2', '127.0.0.1'])).toBe(true);
    for (const worker of [0, 1]) expect(addressesOf(port, worker)).toEqual(['127.0.0.1', '127.0.0.2']);
    expect(port.startOf(1).ownFds).toEqual(port.ownFdsOf(1));
  });

  it('leaves link-local addresses, and those of another family, to the socket on all', async () => {
    const port = await openPort(ANY, 'batch', 1);
    expect(port.follow(['fe80::1%lo', '::1'])).toBe(false);
    expect(port.ownFdsOf(0)).toEqual([]);
  });

  it.skipIf(!hasIpv6())('has sockets on addresses of both families where it serves both', async () => {
    const port = await openPort({ host: '::', port: 0 }, 'batch', 1);
    port.follow(['127.0.0.1', '::1']);
    expect(addressesOf(port, 0)).toEqual(['127.0.0.1', '::1']);
  });

  it('goes on when the machine has an address no more', async () => {
    const port = await openPort(ANY, 'batch', 1);
    expect(port.follow([FOREIGN])).toBe(false);
    expect(port.follow([FOREIGN, '127.0.0.1'])).toBe(true);
    expect(addressesOf(port, 0)).toEqual(['127.0.0.1']);
  });

  it('has a bounded number of them', async () => {
    const port = await openPort(ANY, 'batch', 1);
    const many = Array.from({ length: 80 }, (_, index) => `127.0.1.${index}`);
    port.follow(many);
    expect(port.ownFdsOf(0)).toHaveLength(64);
  });

  it('lets no other program of this user share the port of its only worker', async () => {
    const port = await openPort(ANY, 'batch', 1);
    port.follow(['127.0.0.1']);
    for (const address of ['127.0.0.1', '127.0.0.2', '0.0.0.0']) {
      expect(() => openDataSocketFd({ address, port: port.port })).toThrow(/EADDRINUSE/);
    }
  });
});

describe('a data port without such sockets', () => {
  it('is bound to one address, or is the portable engine, whose workers open the port', async () => {
    const bound = await openPort({ host: '127.0.0.1', port: 0 }, 'batch', 1);
    const portable = await openPort(ANY, 'portable', 1);
    expect([bound.follow(['127.0.0.1']), portable.follow(['127.0.0.1'])]).toEqual([false, false]);
    expect([bound.startOf(0).ownFds, portable.startOf(0).ownFds]).toEqual([[], []]);
  });
});

describe('a node on all addresses', () => {
  it.each([1, 2])('answers from the address that was spoken to, added ones too, with %i workers', async (workers) => {
    const config = nodeConfig({ dataBind: '0.0.0.0:0', egressBind: '127.0.0.1', requireAuth: false, allowOpen: true, workers });
    const relay = { ...DEFAULT_RELAY_OPTIONS, admission: 'open' } as const;
    const hosts = ['127.0.0.1'];
    const supervisor = await Supervisor.start(config, { relay, engine: 'batch', log: pino({ level: 'silent' }), hosts });
    onTestFinished(() => supervisor.stop());
    const { port } = supervisor.dataAddress;
    const speaks = async (host: string) => {
      const client = await RawClient.admitted({ host, port }, { from: '127.0.0.1' });
      onTestFinished(() => client.close());
      return client;
    };
    const before = [await speaks('127.0.0.1'), await speaks('127.0.0.2')];
    supervisor.setOwnAddresses(['127.0.0.1', '127.0.0.3']);
    for (const client of [...before, await speaks('127.0.0.3'), await speaks('127.0.0.1')]) {
      client.keepalive(5);
      await client.next('keepalive');
    }
    expect(supervisor.stats().relay.sessions).toBe(4);
  });
});
