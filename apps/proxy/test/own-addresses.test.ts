import { nodeConfig } from '@lightspeed/proxy';
import { DEFAULT_RELAY_OPTIONS } from '@lightspeed/session';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { OwnAddresses, ipv4Of } from '../src/base/own-addresses.ts';
import { Supervisor } from '../src/supervisor/supervisor.ts';
import { RawClient } from './support/raw-client.ts';
import { eventually } from './support/eventually.ts';
import { ENGINES } from './support/scene.ts';

/** Sent from loopback, a packet to it cannot leave this machine. */
const ADDED = { text: '5.5.5.5', ip: 0x0505_0505, port: 27_015 };

describe('the addresses of this machine', () => {
  it('are looked at more than twice within a second, and told to all who follow them', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const machine = ['127.0.0.1'];
    const own = new OwnAddresses(() => [...machine]);
    const told: (readonly string[])[] = [];
    own.follow((hosts) => told.push(hosts));
    own.follow((hosts) => told.push(hosts));
    machine.push('192.0.2.1');
    vi.advanceTimersByTime(499);
    expect(told).toEqual([machine, machine]);
    expect(own.hosts).toEqual(machine);
    own.stop();
    vi.advanceTimersByTime(10_000);
    expect(told).toHaveLength(2);
  });

  it('that are IPv4 are destinations', () => {
    expect(ipv4Of(['127.0.0.1', '::1', '192.0.2.1', 'fe80::1%2'])).toEqual([0x7f00_0001, 0xc000_0201]);
  });
});

describe.each(ENGINES)('a data plane with the %s engine', (engine) => {
  it('relays to no address that its machine has got while it runs', async () => {
    const config = nodeConfig({ dataBind: '127.0.0.1:0', egressBind: '127.0.0.1', requireAuth: false });
    const relay = { ...DEFAULT_RELAY_OPTIONS, admission: 'open' } as const;
    const supervisor = await Supervisor.start(config, { relay, engine, log: pino({ level: 'silent' }), hosts: ['127.0.0.1'] });
    onTestFinished(() => supervisor.stop());
    const client = await RawClient.admitted(supervisor.dataAddress);
    onTestFinished(() => client.close());
    const counted = () => {
      const { relay, clientDrops } = supervisor.stats();
      return [relay.flows, clientDrops.destination_denied];
    };
    client.data(ADDED, 'x');
    await eventually(() => expect(counted()).toEqual([1, 0]));
    supervisor.setOwnAddresses(['127.0.0.1', '::1', ADDED.text]);
    await eventually(() => expect(counted()).toEqual([0, 0]));
    client.data(ADDED, 'x');
    await eventually(() => expect(counted()).toEqual([0, 1]));
  });
});
