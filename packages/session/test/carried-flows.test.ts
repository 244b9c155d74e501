import { describe, expect, it } from 'vitest';
import { FecHeader, TunnelHeader } from '@lightspeed/wire';
import { OTHER_SERVER, PROGRAM, SERVER, bytesOf, endpoint } from './support/lstp-client.ts';
import type { LstpClient } from './support/lstp-client.ts';
import { SECRET, SESSION_ID, clientAt, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const HOME = '203.0.113.5:1';
const MOBILE = '192.0.2.1:2';
const OTHER_PROGRAM = endpoint('192.168.1.100:999');
const TOKEN = 9;

/** What a table has that was made of the relay's calls alone, in the form of a snapshot's flows. */
function told(host: RelayHost): string[] {
  const rows = [...host.carried.values()].map((flow) => {
    const { client, clientIp, clientPort, serverIp, serverPort, groupSize, multipath, egress, token } = flow;
    const at = client === null ? 'nowhere' : `${host.textOf(client.ip)}:${client.port} at ${host.textOf(client.local)}`;
    const inner = `${clientIp >>> 0}:${clientPort} > ${serverIp >>> 0}:${serverPort}`;
    return `${at} | ${inner} | ${host.egressPort(egress)} | ${groupSize} ${multipath} | ${token}`;
  });
  return rows.toSorted();
}

/** The relay's own flows. */
function kept(host: RelayHost): string[] {
  const rows = host.relay.snapshots.takeAll().flatMap(({ paths: [primary], flows, multipath }) => {
    return flows.map(({ clientIp, clientPort, serverIp, serverPort, egressPort, groupSize }) => {
      const at = `${primary.address}:${primary.port} at ${primary.local}`;
      return `${at} | ${clientIp}:${clientPort} > ${serverIp}:${serverPort} | ${egressPort} | ${groupSize} ${multipath} | ${TOKEN}`;
    });
  });
  return rows.toSorted();
}

function play(client: LstpClient): void {
  client.data('x');
  client.data('y', OTHER_SERVER);
  client.data('z', SERVER, OTHER_PROGRAM);
}

function game(): { readonly host: RelayHost; readonly client: LstpClient } {
  const host = new RelayHost({ admission: 'registered' });
  host.relay.register(registration(host));
  const client = clientAt(host, HOME, TOKEN);
  prove(client, TOKEN, 1n);
  play(client);
  return { host, client };
}

function registration(host: RelayHost) {
  return { sessionId: SESSION_ID, token: TOKEN, dialect: 'standard' as const, secret: SECRET, ...host.prefixOf(endpoint(HOME).ip) };
}

describe('a table that is made of what the relay tells of flows alone', () => {
  it('has the flows of the relay after they have opened', () => {
    const { host } = game();
    expect(told(host)).toHaveLength(3);
    expect(told(host)).toEqual(kept(host));
  });

  it('follows a client that roams, and one that speaks to another address of the node', () => {
    const { host, client } = game();
    prove(clientAt(host, MOBILE, TOKEN), TOKEN, 2n);
    expect(told(host)[0]).toContain('192.0.2.1:2 at');
    expect(told(host)).toEqual(kept(host));
    const again = clientAt(host, MOBILE, TOKEN);
    again.local = endpoint('198.18.0.7:1').ip;
    again.sequence = client.sequence;
    again.data('x');
    expect(told(host)[0]).toContain('198.18.0.7');
    expect(told(host)).toEqual(kept(host));
  });

  it('follows the path by which data comes, the mode, the group size, and a path that another session takes', () => {
    const { host, client } = game();
    const mobile = clientAt(host, MOBILE, TOKEN);
    prove(mobile, TOKEN, 2n, { path: 1, mode: 1 });
    expect(told(host)[0]).toContain('duplicate');
    expect(told(host)).toEqual(kept(host));
    mobile.sequence = client.sequence;
    mobile.fecData(0, 0, 4, 'x');
    expect(told(host).map((row) => row.split(' ')[0])).toEqual(['192.0.2.1:2', '192.0.2.1:2', '192.0.2.1:2']);
    expect(told(host).join()).toContain('| 4 duplicate');
    expect(told(host)).toEqual(kept(host));
    const other = host.register({ sessionId: 78, ip: endpoint(MOBILE).ip, dialect: 'standard', secret: SECRET });
    prove(clientAt(host, MOBILE, other), other, 1n, { sessionId: 78 });
    expect(told(host)[0]).toContain('203.0.113.5:1');
    prove(clientAt(host, HOME, other), other, 2n, { sessionId: 78, path: 1 });
    expect(told(host).map((row) => row.split(' ')[0])).toEqual(['nowhere', 'nowhere', 'nowhere']);
  });

  it('is there again after a restart, and empty after a FIN, a ban or a shutdown', () => {
    const { host: before, client } = game();
    const [snapshot] = before.relay.snapshots.takeAll();
    const rows = told(before);
    before.relay.shutdown();
    expect(told(before)).toEqual([]);
    const host = new RelayHost({ admission: 'registered' });
    host.relay.register(registration(host));
    host.relay.snapshots.restore(snapshot);
    expect(told(host)).toEqual(rows);
    expect(told(host)).toEqual(kept(host));
    const again = clientAt(host, HOME, TOKEN);
    again.send(TunnelHeader.fin(client.sequence, 1));
    host.pass(1_500);
    expect([told(host), host.relay.flowCount]).toEqual([[], 0]);
  });

  it('loses the flows that fall silent, and no others', () => {
    const { host, client } = game();
    for (let i = 0; i < 40; i++) {
      client.data(`${i}`);
      host.pass(10_000, 1_000);
    }
    expect(told(host)).toHaveLength(1);
    expect(told(host)).toEqual(kept(host));
  });
});

it('a driver that wants to know nothing of flows need not', () => {
  const plain = new RelayHost();
  Object.assign(plain, { flowOpened: undefined, flowChanged: undefined, flowClosed: undefined });
  const client = clientAt(plain, HOME, 0).open();
  client.send(TunnelHeader.data(client.sequence++, 1, PROGRAM, SERVER, FecHeader.data(0, 0, 4)), bytesOf('x'));
  client.send(TunnelHeader.fin(client.sequence, 1));
  plain.pass(1_500);
  expect([plain.count('flowsOpened'), plain.relay.flowCount, plain.carried.size]).toEqual([1, 0, 0]);
});
