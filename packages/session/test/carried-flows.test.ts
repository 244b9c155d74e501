import { describe, expect, it } from 'vitest';
import type { CarriedFlow, CarriedPath } from '@lightspeed/session';
import { FecHeader, TunnelHeader, isDropReason } from '@lightspeed/wire';
import { pathsFor } from '../src/path-scheduler.ts';
import { LstpClient, OTHER_SERVER, PROGRAM, SERVER, bytesOf, endpoint } from './support/lstp-client.ts';
import { SECRET, SESSION_ID, clientAt, proof } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const HOME = '203.0.113.5:1';
const MOBILE = '192.0.2.1:2';
const OTHER_PROGRAM = endpoint('192.168.1.100:999');
const TOKEN = 9;

/** What a table has that was made of the relay's calls alone, in the form of a snapshot's flows. */
function told(host: RelayHost): string[] {
  const rows = [...host.carried.values()].map((flow) => {
    const { client, clientIp, clientPort, serverIp, serverPort, groupSize, multipath, egress, token } = flow;
    const paths = pathsOf(flow).map((path) => {
      const at = `${path.number} ${host.textOf(path.ip)}:${path.port} at ${host.textOf(path.local)}`;
      return path === client && multipath !== 'duplicate' ? `primary ${at}` : at;
    });
    const inner = `${clientIp >>> 0}:${clientPort} > ${serverIp >>> 0}:${serverPort}`;
    return `${paths.toSorted().join()} | ${inner} | ${host.egressPort(egress)} | ${groupSize} ${multipath} | ${token}`;
  });
  return rows.toSorted();
}

function pathsOf({ firstPath }: CarriedFlow): CarriedPath[] {
  const paths: CarriedPath[] = [];
  for (let path = firstPath; path !== null; path = path.nextOfSession) paths.push(path);
  return paths;
}

/** The relay's own flows. */
function kept(host: RelayHost): string[] {
  const rows = host.relay.snapshots.takeAll().flatMap(({ paths, flows, multipath }) => {
    return flows.map(({ clientIp, clientPort, serverIp, serverPort, egressPort, groupSize }) => {
      const all = paths.map(({ number, address, port, local }, i) => {
        const at = `${number} ${address}:${port} at ${local}`;
        return i === 0 && multipath !== 'duplicate' ? `primary ${at}` : at;
      });
      const inner = `${clientIp}:${clientPort} > ${serverIp}:${serverPort}`;
      return `${all.toSorted().join()} | ${inner} | ${egressPort} | ${groupSize} ${multipath} | ${TOKEN}`;
    });
  });
  return rows.toSorted();
}

/** Where a table sends what the server of a flow says: data, and parity if it ends a group. */
function wouldSend(host: RelayHost, flow: CarriedFlow, isParity: boolean): string[] {
  const inUse = pathsOf(flow).reduce((set, { number, isInUse }) => set | (isInUse ? 1 << number : 0), 0);
  const chosen = flow.client === null ? 0 : pathsFor(flow.multipath, isParity, flow.client.number, inUse);
  const paths = pathsOf(flow).filter(({ number }) => (chosen & (1 << number)) !== 0);
  return paths.map((path) => `${host.textOf(path.ip)}:${path.port} from ${host.textOf(path.local)}`).toSorted();
}

/** Has every server speak, and compares where the relay sends it with where the table would. @returns those places. */
function compareAnswers(host: RelayHost): string[] {
  const places = new Set<string>();
  for (const flow of host.carried.values()) {
    host.takeToClients();
    for (let packet = 0; packet < Math.max(1, flow.groupSize); packet++) {
      host.fromServer(flow.egress, bytesOf('from the server'), flow.serverIp, flow.serverPort);
    }
    const sent = { data: new Set<string>(), parity: new Set<string>() };
    for (const { bytes, ip, port, local = 0 } of host.takeToClients()) {
      const decoded = TunnelHeader.decodeWithPayload(bytes, 'standard');
      if (isDropReason(decoded)) throw new Error('the relay has sent an invalid packet');
      const kind = decoded.header.fec?.parity === true ? 'parity' : 'data';
      sent[kind].add(`${host.textOf(ip)}:${port} from ${host.textOf(local)}`);
    }
    expect([...sent.data].toSorted()).toEqual(wouldSend(host, flow, false));
    if (flow.groupSize > 0) expect([...sent.parity].toSorted()).toEqual(wouldSend(host, flow, true));
    for (const place of sent.data) places.add(`data ${place.split(' ')[0]}`);
    for (const place of sent.parity) places.add(`parity ${place.split(' ')[0]}`);
  }
  return [...places].toSorted();
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
  client.raw(proof(TOKEN, 1n));
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
    clientAt(host, MOBILE, TOKEN).raw(proof(TOKEN, 2n));
    expect(told(host)[0]).toContain('192.0.2.1:2 at');
    expect(told(host)).toEqual(kept(host));
    expect(compareAnswers(host)).toEqual(['data 192.0.2.1:2']);
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
    mobile.raw(proof(TOKEN, 2n, { path: 1, mode: 0 }));
    expect(told(host)[0]).toContain('1 192.0.2.1:2');
    expect(told(host)).toEqual(kept(host));
    mobile.sequence = client.sequence;
    mobile.fecData(0, 0, 4, 'x');
    expect(told(host).map((row) => row.includes('primary 1 192.0.2.1:2'))).toEqual([true, true, true]);
    expect(told(host).join()).toContain('| 4 standby');
    expect(told(host)).toEqual(kept(host));
    expect(compareAnswers(host)).toEqual(['data 192.0.2.1:2', 'parity 192.0.2.1:2']);
    const other = host.register({ sessionId: 78, ip: endpoint(MOBILE).ip, dialect: 'standard', secret: SECRET });
    clientAt(host, MOBILE, other).raw(proof(other, 1n, { sessionId: 78 }));
    expect(told(host)[0]).toContain('primary 0 203.0.113.5:1');
    expect(compareAnswers(host)).toEqual(['data 203.0.113.5:1', 'parity 203.0.113.5:1']);
    clientAt(host, HOME, other).raw(proof(other, 2n, { sessionId: 78, path: 1 }));
    expect(told(host).map((row) => row.split(' ')[0])).toEqual(['', '', '']);
    expect(compareAnswers(host)).toEqual([]);
  });

  it.each([
    { mode: 1, name: 'duplicate', places: ['data 192.0.2.1:2', 'data 203.0.113.5:1', 'parity 192.0.2.1:2', 'parity 203.0.113.5:1'] },
    { mode: 2, name: 'parity', places: ['data 203.0.113.5:1', 'parity 192.0.2.1:2'] },
  ])(
    'has every path of a session in mode $name, falls back when one is silent, and is told nothing per packet',
    ({ mode, name, places }) => {
      const { host, client } = game();
      const mobile = clientAt(host, MOBILE, TOKEN);
      mobile.raw(proof(TOKEN, 2n, { path: 1, mode }));
      client.fecData(0, 0, 4, 'x');
      expect(told(host).join()).toContain(`4 ${name}`);
      expect(told(host)).toEqual(kept(host));
      expect(compareAnswers(host)).toEqual(places);

      const { flowChanges } = host;
      for (let i = 0; i < 100; i++) {
        const sender = name === 'duplicate' && i % 2 === 1 ? mobile : client;
        mobile.sequence = client.sequence++;
        sender.fecData(1 + (i >> 2), i & 3, 4, 'x', mobile.sequence);
        host.pass(10);
      }
      expect(host.flowChanges).toBe(flowChanges);
      expect(compareAnswers(host)).toEqual(places);

      for (let i = 0; i < 45; i++) {
        host.pass(500);
        client.fecData(100 + i, 0, 4, 'x');
      }
      expect([...host.carried.values()].map((flow) => pathsOf(flow).map(({ isInUse }) => isInUse))).toContainEqual([true, false]);
      expect(compareAnswers(host)).toEqual(['data 203.0.113.5:1', 'parity 203.0.113.5:1']);

      mobile.send(TunnelHeader.keepalive(client.sequence, 1));
      host.pass(600);
      expect(compareAnswers(host)).toEqual(places);
    },
  );

  it('has the limits of its session, the registration’s own before the relay’s', () => {
    const host = new RelayHost({ admission: 'registered', maxPpsPerClient: 700, maxBpsPerClient: 80_000 });
    const own = host.register({ sessionId: 1, ip: endpoint(HOME).ip, dialect: 'standard', secret: SECRET, maxPps: 12 });
    const client = clientAt(host, HOME, own);
    client.raw(proof(own, 1n, { sessionId: 1 }));
    client.data('x');
    client.data('y', OTHER_SERVER);
    const guest = new RelayHost({ maxPpsPerClient: 700, maxBpsPerClient: 80_000, dialect: 'reference' });
    new LstpClient(guest, HOME, 'reference').data('x');
    const limits = { maxPps: 12, maxBps: 80_000, isVerified: true };
    expect([...host.carriedLimits.values()]).toEqual([limits, limits]);
    expect(new Set([...host.carried.values()].map(({ sessionSlot }) => sessionSlot)).size).toBe(1);
    expect([...guest.carriedLimits.values()]).toEqual([{ maxPps: 700, maxBps: 80_000, isVerified: false }]);
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
    expect(compareAnswers(host)).toEqual(['data 203.0.113.5:1']);
    const again = clientAt(host, HOME, TOKEN);
    again.send(TunnelHeader.fin(client.sequence, 1));
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
  expect([plain.count('flowsOpened'), plain.relay.flowCount, plain.carried.size]).toEqual([1, 0, 0]);
});
