import { describe, expect, it } from 'vitest';
import { NOTHING_DUE, SOMETHING_DUE, SnapshotRecords } from '../src/index.ts';
import type { SessionSnapshot } from '../src/index.ts';
import { OTHER_SERVER, SERVER, bytesOf } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

/** A relay with a session that plays, and is saved. */
function savedScene() {
  const host = new RelayHost({ admission: 'registered', sessionTimeoutMs: 20_000, maxPpsPerClient: 1e6 });
  host.relay.register({ sessionId: SESSION_ID, prefixHigh: 0, prefixLow: CLIENT_IP, token: 9, dialect: 'standard', secret: SECRET });
  const client = clientAt(host, '203.0.113.5:1', 9);
  prove(client, 9, 1n);
  client.data('x');
  const [{ egress }] = host.takeToServers();
  const down = (packets: number) => {
    for (let i = 0; i < packets; i++) host.fromServer(egress, bytesOf('y'), SERVER.ip, SERVER.port);
    client.answers();
  };
  host.relay.snapshots.takeAll();
  return { host, client, down };
}

const isDue = ({ relay }: RelayHost) => relay.snapshots.lookForDue(0, 64) === SOMETHING_DUE;

function changed({ relay }: RelayHost): SessionSnapshot[] {
  const saved = new SnapshotRecords();
  expect(relay.snapshots.takeChanged(0, 64, saved)).toBe(-1);
  return [...saved];
}

describe('a session that was saved', () => {
  it('is not due while only packets go', () => {
    const { host, client, down } = savedScene();
    expect(isDue(host)).toBe(false);
    down(500);
    client.data('again');
    expect([isDue(host), changed(host)]).toEqual([false, []]);
  });

  it('is due before its counter has used up an eighth of what a restart skips', () => {
    const { host, down } = savedScene();
    let packets = 0;
    for (; !isDue(host); packets++) down(1);
    expect(packets).toBeGreaterThan(1_000);
    expect(packets).toBeLessThanOrEqual(16_384 / 8);
    expect(changed(host)).toHaveLength(1);
    expect(isDue(host)).toBe(false);
  });

  it.each<[string, (scene: ReturnType<typeof savedScene>) => unknown]>([
    ['it has another flow', ({ client }) => client.data('x', OTHER_SERVER)],
    ['it has another path', ({ host }) => prove(clientAt(host, '192.0.2.1:2', 9), 9, 2n, { path: 1 })],
    ['it has moved', ({ host }) => prove(clientAt(host, '203.0.113.5:7', 9), 9, 2n)],
    ['a proof was used that changed nothing', ({ client }) => prove(client, 9, 2n)],
    ['a proof was used up in vain', ({ client }) => prove(client, 9, 2n, { path: 9 })],
  ])('is due when %s', (_what, change) => {
    const scene = savedScene();
    change(scene);
    expect(isDue(scene.host)).toBe(true);
    expect(changed(scene.host)).toHaveLength(1);
    expect(isDue(scene.host)).toBe(false);
  });

  it('is due when its data comes by another path, by which answers leave then', () => {
    const { host } = savedScene();
    const second = clientAt(host, '192.0.2.1:2', 9);
    prove(second, 9, 2n, { path: 1 });
    expect(changed(host)).toHaveLength(1);
    second.sequence = 100;
    second.data('y');
    expect(isDue(host)).toBe(true);
    expect(changed(host)).toMatchObject([{ paths: [{ number: 1 }, { number: 0 }] }]);
  });

  it('is due when a flow of it is over', () => {
    const { host, client } = savedScene();
    client.data('y', OTHER_SERVER);
    expect(changed(host)).toMatchObject([{ flows: [{}, {}] }]);
    for (let seconds = 0; !isDue(host); seconds++) {
      if (seconds > 200) throw new Error('no flow ends');
      client.data('y', OTHER_SERVER);
      host.pass(1_000, 1_000);
    }
    expect(changed(host)).toMatchObject([{ flows: [{ serverIp: OTHER_SERVER.ip, serverPort: OTHER_SERVER.port }] }]);
  });

  it('is saved along with another one that is due when it soon would be', () => {
    const { host, down } = savedScene();
    host.relay.register({ sessionId: 78, prefixHigh: 0, prefixLow: CLIENT_IP, token: 10, dialect: 'standard' });
    down(1_500);
    expect(isDue(host)).toBe(false);
    clientAt(host, '203.0.113.5:2', 10).open();
    expect(isDue(host)).toBe(true);
    expect(
      changed(host)
        .map(({ sessionId }) => sessionId)
        .toSorted(),
    ).toEqual([SESSION_ID, 78]);
  });
});

it('sessions without a registration are never due', () => {
  const host = new RelayHost();
  clientAt(host, '203.0.113.5:1', 0).open().data('x');
  expect(host.relay.sessionCount).toBe(1);
  expect(host.relay.snapshots.lookForDue(0, 64)).toBe(NOTHING_DUE);
});

it('a relay is looked through place by place', () => {
  const host = new RelayHost({ admission: 'registered', maxPpsPerUnboundAddress: 10_000 });
  for (let i = 1; i <= 10; i++) {
    host.relay.register({ sessionId: i, prefixHigh: 0, prefixLow: CLIENT_IP, token: i, dialect: 'standard' });
    clientAt(host, `203.0.113.5:${i}`, i).open();
  }
  host.relay.snapshots.takeAll();
  expect([host.relay.snapshots.lookForDue(0, 4), host.relay.snapshots.lookForDue(4, 4), host.relay.snapshots.lookForDue(8, 4)]).toEqual([
    4,
    8,
    NOTHING_DUE,
  ]);
});

it('a relay says how long a client has been silent, whatever servers send to it, and of what it does not have that it has not', () => {
  const { host, client } = savedScene();
  host.pass(3_000, 1_000);
  expect(host.relay.idleMsOf(SESSION_ID)).toBe(3_000);
  client.data('x');
  expect(host.relay.idleMsOf(SESSION_ID)).toBe(0);
  const [{ egress }] = host.takeToServers();
  host.pass(1_000, 1_000);
  client.answers();
  host.fromServer(egress, bytesOf('y'), SERVER.ip, SERVER.port);
  expect([client.answers().length, host.relay.idleMsOf(SESSION_ID)]).toEqual([1, 1_000]);
  expect(host.relay.idleMsOf(4_711)).toBe(-1);
});
