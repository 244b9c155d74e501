import { describe, expect, it } from 'vitest';
import { DEFAULT_RELAY_OPTIONS } from '@lightspeed/session';
import type { Endpoint } from '@lightspeed/wire';
import { LstpClient, SERVER, bytesOf, textOf } from './support/lstp-client.ts';
import { RelayHost } from './support/relay-host.ts';

function program(port: number): Endpoint {
  return { ip: 0x0a00_0001, port };
}

/** The longest time that passes between two programs of a status bot, which opens a socket for each question. */
const EVERY_MS = 4_000;

describe('a session that has all the flows it may have', () => {
  it('goes on asking from new sockets for hours: what was idle for longest gives way', () => {
    const host = new RelayHost({ maxFlowsPerSession: 8 });
    const client = new LstpClient(host).open();
    for (let port = 1; port <= 100; port++) {
      client.data(`question ${port}`, SERVER, program(port));
      expect(host.takeToServers()).toHaveLength(1);
      host.pass(EVERY_MS, 1_000);
    }
    expect(host.drops()).toEqual({});
    expect(host.count('flowsGaveWay')).toBe(92);
    expect(host.relay.flowCount).toBe(8);
  });

  it('keeps those that are in use, whichever was opened first, and answers reach them', () => {
    const host = new RelayHost({ maxFlowsPerSession: 3 });
    const client = new LstpClient(host).open();
    for (const port of [1, 2, 3]) client.data('x', SERVER, program(port));
    const [{ egress }] = host.takeToServers();
    host.pass(29_000, 1_000);
    client.data('still here', SERVER, program(1));
    client.data('x', SERVER, program(4));
    expect(host.drops()).toEqual({ 'client:flow_limit': 1 });
    host.pass(1_000);
    client.data('x', SERVER, program(4));
    client.data('x', SERVER, program(5));
    client.data('x', SERVER, program(6));
    expect(host.drops()).toEqual({ 'client:flow_limit': 2 });
    expect(host.count('flowsGaveWay')).toBe(2);
    host.takeToClients();
    host.fromServer(egress, bytesOf('to the first'), SERVER.ip, SERVER.port);
    expect(client.answers().map(({ payload }) => textOf(payload))).toEqual(['to the first']);
  });

  it('gives none away for a destination that it may not have', () => {
    const host = new RelayHost({ maxFlowsPerSession: 2, maxDestinationsPerWindow: 2 });
    const client = new LstpClient(host).open();
    client.data('x', SERVER, program(1));
    client.data('x', { ...SERVER, port: SERVER.port + 1 }, program(1));
    host.pass(9_000, 1_000);
    client.data('x', { ip: 0x0a00_0001, port: 53 }, program(1));
    expect(host.count('flowsGaveWay')).toBe(0);
    expect(host.relay.flowCount).toBe(2);
  });
});

describe('a session for which there is no socket any more', () => {
  it('gives up that of its flow that was idle for longest', () => {
    const host = new RelayHost();
    host.maxEgress = 2;
    const client = new LstpClient(host).open();
    client.data('x', SERVER, program(1));
    client.data('x', SERVER, program(2));
    client.data('x', SERVER, program(3));
    expect(host.drops()).toEqual({ 'client:egress_exhausted': 1 });
    host.pass(20_000, 1_000);
    client.data('still here', SERVER, program(1));
    host.pass(10_000, 1_000);
    host.takeToServers();
    client.data('x', SERVER, program(3));
    client.data('x', SERVER, program(1));
    expect(host.takeToServers()).toHaveLength(2);
    expect(host.drops()).toEqual({ 'client:egress_exhausted': 1 });
    expect(host.count('flowsGaveWay')).toBe(1);
  });
});

describe('a flow on which the player is quiet', () => {
  it('gets what the server pushes for two minutes, or as long as the operator says, and ends then', () => {
    for (const flowTimeoutMs of [120_000, 500_000]) {
      const host = new RelayHost({ flowTimeoutMs, sessionTimeoutMs: 1_000_000 });
      const client = new LstpClient(host).open();
      client.data('x');
      const [{ egress }] = host.takeToServers();
      host.pass(flowTimeoutMs - 1_000, 1_000);
      host.fromServer(egress, bytesOf('a push'), SERVER.ip, SERVER.port);
      expect(client.answers()).toHaveLength(1);
      host.pass(2_000);
      expect(host.relay.flowCount).toBe(0);
      expect(host.relay.sessionCount).toBe(1);
    }
  });

  it('may have another timeout while the node runs', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('x');
    host.relay.setLimits({ ...DEFAULT_RELAY_OPTIONS, flowTimeoutMs: 10_000 });
    host.pass(11_000, 1_000);
    expect(host.relay.flowCount).toBe(0);
  });
});
