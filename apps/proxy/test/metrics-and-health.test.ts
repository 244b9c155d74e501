import { connect } from 'node:net';
import { once } from 'node:events';
import type { RunningNode } from '@lightspeed/proxy';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from './support/eventually.ts';
import { playingClient, registeredClient } from './support/registered-client.ts';
import { ENGINES, registrarNode, testClient, testNode, testServer, unknownClient } from './support/scene.ts';

function urlOf({ httpAddress }: RunningNode, path: string): string {
  if (httpAddress === undefined) throw new Error('HTTP is off');
  return `http://${httpAddress.host}:${httpAddress.port}${path}`;
}

const observed = { httpBind: '127.0.0.1:0', nodeId: 'fra-1', region: 'eu "central"' };

/** Lines of a metrics page by metric and labels. */
function samplesOf(page: string): Map<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]));
}

describe.each(ENGINES)('GET /health and /metrics of a node over the %s engine', (io) => {
  it('tell who it is, how it is and what it has done', async () => {
    const node = await testNode({ io, workers: 2, ...observed });
    const server = await testServer();
    const client = await testClient(node);
    const stranger = await unknownClient(node);
    await client.roundTrip(server.endpoint, 'four');
    stranger.data(server.endpoint, 'let me in');
    await eventually(() => expect(node.stats().clientDrops.unknown_session).toBe(1));
    await eventually(() => expect(node.stats().relay.sequenceReceived).toBe(1));

    const health = await fetch(urlOf(node, '/health'));
    expect(health.status).toBe(200);
    expect(health.headers.get('content-type')).toContain('application/json');
    expect(await health.json()).toMatchObject({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      node_id: 'fra-1',
      region: 'eu "central"',
      uptime_s: expect.any(Number) as number,
      data_address: `127.0.0.1:${node.dataAddress.port}`,
      authentication: 'off',
      dialect: 'standard',
      sessions: 1,
      max_clients: 10_000,
      engine: { kind: io, reason: expect.stringMatching(/./) as string },
      fec_kernel: 'simd',
      workers: [
        { state: 'serving', restarts: 0 },
        { state: 'serving', restarts: 0 },
      ],
      worker_restarts: 0,
    });

    const metrics = await fetch(urlOf(node, '/metrics'));
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    const page = await metrics.text();
    const samples = samplesOf(page);
    const expected = {
      'lightspeed_packets_total{peer="client",direction="in"}': 4,
      'lightspeed_packets_total{peer="client",direction="out"}': 3,
      'lightspeed_packets_total{peer="server",direction="in"}': 1,
      'lightspeed_packets_total{peer="server",direction="out"}': 1,
      'lightspeed_traffic_bytes_total{peer="server",direction="out"}': 4,
      'lightspeed_dropped_packets_total{direction="client",reason="unknown_session"}': 1,
      'lightspeed_dropped_packets_total{direction="client",reason="bad_token"}': 0,
      'lightspeed_dropped_packets_total{direction="server",reason="unsolicited"}': 0,
      'lightspeed_client_packets_total{kind="data"}': 1,
      'lightspeed_client_sequence_numbers_total{what="expected"}': 1,
      'lightspeed_client_sequence_numbers_total{what="received"}': 1,
      'lightspeed_client_sequence_numbers_total{what="late"}': 0,
      lightspeed_kernel_dropped_packets_total: 0,
      'lightspeed_udp_events_total{event="datagrams_received"}': 5,
      'lightspeed_worker_restarts_total{worker="1"}': 0,
      'lightspeed_worker_up{worker="0"}': 1,
      lightspeed_sessions: 1,
      lightspeed_max_sessions: 10_000,
    };
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, samples.get(name)]))).toEqual(expected);
    expect(page).toContain('node_id="fra-1",region="eu \\"central\\""');
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    for (const [, name] of page.matchAll(/^# TYPE (\S+) counter$/gm)) expect(name).toMatch(/_total$/);
  });

  it('tell of a crash, and of its end', async () => {
    const node = await testNode({ io, ...observed });
    await node.crashWorker(0);
    const down = await fetch(urlOf(node, '/health'));
    expect(down.status).toBe(503);
    expect(await down.json()).toMatchObject({ status: 'down', worker_restarts: 1 });
    await eventually(async () => expect((await fetch(urlOf(node, '/health'))).status).toBe(200));
    const samples = samplesOf(await (await fetch(urlOf(node, '/metrics'))).text());
    expect(samples.get('lightspeed_worker_restarts_total{worker="0"}')).toBe(1);
    expect(samples.get('lightspeed_worker_up{worker="0"}')).toBe(1);
  });
});

it('GET /health and /metrics tell of the control plane', async () => {
  const node = await registrarNode(observed);
  await playingClient(node);
  await registeredClient(node);
  const health: unknown = await (await fetch(urlOf(node, '/health'))).json();
  expect(health).toMatchObject({
    status: 'ok',
    authentication: 'required',
    control: {
      address: `127.0.0.1:${node.controlAddress?.port ?? 0}`,
      pin: node.controlPin,
      quic: expect.stringMatching(/native|portable/) as string,
      registration: 'anyone',
      connections: 2,
      registrations: 2,
      bound: 1,
    },
  });
  const samples = samplesOf(await (await fetch(urlOf(node, '/metrics'))).text());
  const expected = {
    lightspeed_control_connections: 2,
    lightspeed_registrations: 2,
    lightspeed_bound_registrations: 1,
    lightspeed_draining: 0,
    'lightspeed_registrations_total{result="accepted"}': 2,
    'lightspeed_registrations_total{result="resumed"}': 0,
    'lightspeed_registrations_ended_total{why="ticket"}': 0,
    lightspeed_reports_total: 0,
    'lightspeed_control_connections_total{result="accepted"}': 2,
    'lightspeed_paths_total{event="moved"}': 0,
  };
  expect(Object.fromEntries(Object.keys(expected).map((name) => [name, samples.get(name)]))).toEqual(expected);
});

describe('a fresh node', () => {
  it('has counted nothing, although its workers have rehearsed', async () => {
    const { relay, clientDrops, serverDrops, workers } = (await testNode({ workers: 2 })).stats();
    for (const counts of [relay, clientDrops, serverDrops]) {
      expect(Object.entries(counts).filter(([, count]) => count !== 0)).toEqual([]);
    }
    expect(workers).toEqual(workers.map(() => ({ state: 'serving', sessions: 0, restarts: 0 })));
  });
});

describe('the HTTP server', () => {
  it('has nothing else, and takes no other method', async () => {
    const node = await testNode(observed);
    const unknownPage = await fetch(urlOf(node, '/toString'));
    expect(unknownPage.status).toBe(404);
    expect(await unknownPage.text()).toBe('nothing here; try /health or /metrics\n');
    const post = await fetch(urlOf(node, '/health'), { method: 'POST', body: 'x' });
    expect(post.status).toBe(405);
    expect(post.headers.get('allow')).toBe('GET, HEAD');
    const head = await fetch(urlOf(node, '/metrics?x=1'), { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
  });

  it('has no metrics when they are off, and need not be there at all', async () => {
    const node = await testNode({ ...observed, metricsEnabled: false });
    expect((await fetch(urlOf(node, '/metrics'))).status).toBe(404);
    expect((await fetch(urlOf(node, '/health'))).status).toBe(200);
    expect((await testNode({ httpBind: 'off' })).httpAddress).toBeUndefined();
  });

  it('answers although more connections than it has room for say nothing', async () => {
    const node = await testNode(observed);
    const slow = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = connect(node.httpAddress?.port ?? 0, '127.0.0.1');
        socket.on('error', () => undefined);
        onTestFinished(() => void socket.destroy());
        await once(socket, 'connect');
        socket.write('GET /health HTTP/1.1\r\n');
        return socket;
      }),
    );
    for (let asked = 0; asked < 3; asked++) expect((await fetch(urlOf(node, '/health'))).status).toBe(200);
    // Those that have waited for longest have made room.
    await eventually(() => expect(slow.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(36));
    expect(slow.at(-1)?.closed).toBe(false);
  });

  it('does not wait for an idle connection when the node ends', async () => {
    const node = await testNode(observed);
    const idle = connect(node.httpAddress?.port ?? 0, '127.0.0.1');
    await once(idle, 'connect');
    const ended = once(idle, 'close');
    await node.close();
    await ended;
  });
});
