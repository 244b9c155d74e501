import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Capability, PROBE_KIND_CODES, PROBE_LOST, PROBE_REFUSAL_CODES, capabilitiesExtension } from '@lightspeed/control';
import type { Probe, ProbeResult } from '@lightspeed/control';
import type { NodeSettings, RunningNode } from '@lightspeed/proxy';
import { parseIpv4 } from '@lightspeed/wire';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from './support/eventually.ts';
import { Control, playingClient, registeredClient } from './support/registered-client.ts';
import type { RegisteredClient } from './support/registered-client.ts';
import { registrarNode, testServer } from './support/scene.ts';
import { Issuer } from './support/tickets.ts';

const { tcp } = PROBE_KIND_CODES;
const knows = Capability.challenge | Capability.probes;
let requests = 0;

/** A node that counts in public. Loopback is allowed, but for the addresses that its interfaces have: 127.0.0.2 is a game server. */
function node(settings: NodeSettings = {}): Promise<RunningNode> {
  return registrarNode({ httpBind: '127.0.0.1:0', ...settings });
}

async function metricsOf({ httpAddress }: RunningNode): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${httpAddress?.port ?? 0}/metrics`);
  return (await response.text()).replace(/^#.*\n/gm, '');
}

function request(to: string, port: number, fields: Partial<Probe> = {}): Probe {
  const ip = (parseIpv4(to) ?? 0) >>> 0;
  return { type: 'probe', requestId: ++requests, ip, port, kind: tcp, count: 1, spacingMs: 0, maxAgeSecs: 0, extensions: [], ...fields };
}

async function ask({ control }: Pick<RegisteredClient, 'control'>, to: string, port: number, fields: Partial<Probe> = {}) {
  const message = request(to, port, fields);
  await control.say(message);
  const isAnswer = (said: { readonly type: string }): said is ProbeResult =>
    said.type === 'probe_result' && (said as ProbeResult).requestId === message.requestId;
  return eventually(() => {
    const result = control.said.find(isAnswer);
    if (result === undefined) throw new Error('no result came');
    return result;
  });
}

/** A port at 127.0.0.2 at which somebody listens, or nobody does. */
async function portOf(isOpen: boolean): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.2');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  if (isOpen) onTestFinished(() => void server.close());
  else await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('a node', () => {
  it('measures a game server for a client that is registered, and counts it', async () => {
    const relay = await node();
    const client = await playingClient(relay, { knows });
    expect((capabilitiesExtension.find(client.ack.extensions) ?? 0) & Capability.probes).toBe(Capability.probes);

    const { refusal, origin, samplesUs } = await ask(client, '127.0.0.2', await portOf(true), { count: 10, spacingMs: 5 });

    expect({ refusal, origin }).toEqual({ refusal: 0, origin: parseIpv4('127.0.0.2') });
    expect(samplesUs).toHaveLength(10);
    expect(Math.max(...samplesUs)).toBeLessThan(PROBE_LOST);
    expect(await metricsOf(relay)).toContain('lightspeed_probes_total{kind="tcp"} 1\n');
  });

  it('does not say whether a port is open', async () => {
    const client = await registeredClient(await node(), { knows });
    const results = [await ask(client, '127.0.0.2', await portOf(true)), await ask(client, '127.0.0.2', await portOf(false))];

    const [open, closed] = results.map(({ samplesUs, ...rest }) => ({
      ...rest,
      requestId: 0,
      answered: samplesUs.map((us) => us < PROBE_LOST),
    }));
    expect(open).toEqual(closed);
    expect(open).toMatchObject({ refusal: 0, answered: [true], extensions: [] });
  });

  it('counts a server that is measured as one to which the session opens a flow', async () => {
    const relay = await node({ maxDestinationsPerWindow: 2 });
    const client = await playingClient(relay, { knows });
    await ask(client, '127.0.0.2', 27_015);
    await ask(client, '127.0.0.2', 27_016);
    // Asking again costs nothing more.
    await ask(client, '127.0.0.2', 27_015);
    const server = await testServer();
    client.data(server.endpoint, 'one server too many');
    await eventually(() => expect(relay.stats().clientDrops.reflection).toBe(1));
  });
});

describe('a node as a port scanner', () => {
  it('sends nothing where no flow may go, whatever a client asks for', async () => {
    const relay = await node({ denyDestinations: ['127.0.0.3/32'] });
    const client = await registeredClient(relay, { knows });
    const { destination_denied: denied, invalid } = PROBE_REFUSAL_CODES;
    const control = relay.controlAddress?.port ?? 0;
    const hostile: [string, number, Partial<Probe>, number][] = [
      ['127.0.0.1', 27_015, {}, denied],
      ['127.0.0.2', relay.dataAddress.port, {}, denied],
      ['127.0.0.2', control, {}, denied],
      ['127.0.0.2', 22, {}, denied],
      ['127.0.0.2', 0, {}, denied],
      ['127.0.0.3', 27_015, {}, denied],
      ['10.0.0.1', 27_015, {}, denied],
      ['192.168.1.1', 8_080, {}, denied],
      ['172.16.0.1', 8_080, {}, denied],
      ['100.64.0.1', 8_080, {}, denied],
      ['169.254.169.254', 8_080, {}, denied],
      ['224.0.0.251', 5_353, {}, denied],
      ['255.255.255.255', 27_015, {}, denied],
      ['0.0.0.0', 27_015, {}, denied],
      ['127.0.0.2', 27_015, { kind: 0 }, invalid],
      ['127.0.0.2', 27_015, { kind: 255 }, invalid],
      ['127.0.0.2', 27_015, { count: 0 }, invalid],
      ['127.0.0.2', 27_015, { count: 255 }, invalid],
      ['127.0.0.2', 27_015, { spacingMs: 65_535 }, invalid],
    ];
    for (const [to, port, fields, refusal] of hostile) {
      for (const kind of Object.values(PROBE_KIND_CODES)) {
        const result = await ask(client, to, port, { kind, ...fields });
        expect(result, `${to}:${port}`).toMatchObject({ refusal, origin: 0, ageSecs: 0, samplesUs: [], extensions: [] });
      }
    }
    const metrics = await metricsOf(relay);
    expect(metrics).toContain('lightspeed_probes_refused_total{reason="destination_denied"} 56\n');
    expect(metrics).toContain('lightspeed_probes_refused_total{reason="invalid"} 20\n');
    expect(metrics).not.toContain('lightspeed_probes_total{');
  });

  it('stops at few servers, also when the ticket has more sessions, or registers again', async () => {
    const issuer = new Issuer();
    const relay = await node({ issuerKeys: [issuer.publicKey], probeTargets: 3 });
    const ticket = issuer.ticket();
    const first = await registeredClient(relay, { knows, ticket });
    const second = await registeredClient(relay, { knows, ticket });
    for (const [client, port] of [
      [first, 2_001],
      [second, 2_002],
      [first, 2_003],
    ] as const) {
      expect(await ask(client, '127.0.0.2', port)).toMatchObject({ refusal: 0 });
    }
    const { rate, targets } = PROBE_REFUSAL_CODES;
    expect([rate, targets]).toContain((await ask(second, '127.0.0.2', 2_004)).refusal);
    await first.control.say({ type: 'disconnect', reason: 'normal' });
    await second.control.say({ type: 'disconnect', reason: 'normal' });
    const again = await registeredClient(relay, { knows, ticket });
    await eventually(async () => expect(await ask(again, '127.0.0.2', 2_005)).toMatchObject({ refusal: targets, samplesUs: [] }));

    const other = await registeredClient(relay, { knows, ticket: issuer.ticket() });
    expect(await ask(other, '127.0.0.2', 2_005)).toMatchObject({ refusal: 0 });
  });

  it('stops at four ports of an address', async () => {
    const client = await registeredClient(await node(), { knows });
    const { ports } = PROBE_REFUSAL_CODES;
    let answered = 0;
    await eventually(async () => {
      const { refusal } = await ask(client, '127.0.0.2', 2_001 + answered);
      if (refusal === 0) answered++;
      expect(refusal).toBe(ports);
    });
    expect(answered).toBe(4);
  });

  it('answers a flood with refusals, and goes on for others', async () => {
    const relay = await node();
    const flooder = await registeredClient(relay, { knows });
    for (let number = 0; number < 300; number++) {
      await flooder.control.say(request(`127.1.${number & 0xff}.2`, 2_000 + number, { count: 10 }));
    }
    await eventually(() => expect(flooder.control.said.filter(({ type }) => type === 'probe_result')).toHaveLength(300));
    const { refusal } = await ask(flooder, '127.0.0.2', 27_015);
    expect(refusal).toBe(PROBE_REFUSAL_CODES.rate);
    expect(await metricsOf(relay)).toContain('lightspeed_probes_total{kind="tcp"} 3\n');

    const server = await testServer();
    const player = await playingClient(relay);
    await player.roundTrip(server.endpoint, 'still there');
  });

  it('says nothing to those who are not registered, or have not agreed on probes', async () => {
    const relay = await node();
    const stranger = await Control.connect(relay);
    await stranger.say(request('127.0.0.2', 27_015));
    const old = await registeredClient(relay);
    await old.control.say(request('127.0.0.2', 27_015));
    await old.control.say({ type: 'ping', timestampUs: 1n });
    await old.control.heard('pong');
    await stranger.say({ type: 'ping', timestampUs: 1n });
    await stranger.heard('pong');

    expect([...stranger.said, ...old.control.said].filter(({ type }) => type === 'probe_result')).toEqual([]);
    expect(await metricsOf(relay)).toContain('lightspeed_probes_refused_total{reason="not_agreed"} 2\n');
  });

  it('measures nothing where the operator has switched it off', async () => {
    const relay = await node({ probesEnabled: false });
    const client = await registeredClient(relay, { knows });
    expect((capabilitiesExtension.find(client.ack.extensions) ?? 0) & Capability.probes).toBe(0);
  });
});
