import { Capability, capabilitiesExtension } from '@lightspeed/control';
import type { NodeSettings, RunningNode } from '@lightspeed/proxy';
import { tagKeys } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_HANDSHAKE, TunnelHeader, openPacket, readFlags, sealPacket } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { configFromFlags } from '../src/cli/flags.ts';
import { eventually } from './support/eventually.ts';
import { keptFolder } from './support/kept-folder.ts';
import { loggedNode } from './support/logged-node.ts';
import { Control, playingClient } from './support/registered-client.ts';
import type { RegisteredClient } from './support/registered-client.ts';
import { savedClients } from './support/saved-clients.ts';
import { ENGINES, registrarNode, testServer } from './support/scene.ts';

const BOTH = Capability.challenge | Capability.tags;
/** That of the proof with which the clients of these tests open their sessions. */
const OPENING_NONCE = 1n;

function keysOf(client: RegisteredClient) {
  return tagKeys(client.secret, client.ack.sessionId, OPENING_NONCE, hmacSha256);
}

function sealed(client: RegisteredClient, packet: Uint8Array): Uint8Array {
  const { word0, word1 } = keysOf(client).up;
  const bytes = new Uint8Array(packet.length + 4);
  bytes.set(packet, 4);
  sealPacket(new DataView(bytes.buffer), 4, packet.length, word0, word1);
  return bytes;
}

/** Packets with the client's address and other tokens than its own, as somebody sends who guesses. */
function guess(client: RegisteredClient, count = 8): void {
  const token = client.ack.token === 255 ? 1 : client.ack.token + 1;
  const packet = TunnelHeader.keepalive(9, 9).withSessionToken(token).encode();
  for (let i = 0; i < count; i++) client.sendBytes(packet);
}

/** The tagged packets that have come, without their tags, which must be right. */
function openedOf(client: RegisteredClient): Uint8Array[] {
  const { word0, word1 } = keysOf(client).down;
  return client.tagged.map((bytes) => {
    const copy = Uint8Array.from(bytes);
    expect(openPacket(new DataView(copy.buffer), 0, copy.length, word0, word1)).toBe(0);
    return copy.subarray(4);
  });
}

/** Sends a tagged datagram, and waits for its echo. */
async function taggedRoundTrip(client: RegisteredClient, server: Endpoint, text: string) {
  client.sendBytes(sealed(client, client.packet(server, text)));
  await eventually(() => expect(openedOf(client).map((bytes) => Buffer.from(bytes.subarray(20)).toString())).toContain(text));
}

/** Goes on from another port: proves itself, and answers the challenge, which comes with a tag. */
async function moved(client: RegisteredClient): Promise<void> {
  await client.roam();
  const prove = async (challenge: bigint) => {
    client.tagged.length = 0;
    client.sendBytes(client.proof({ challenge }));
    return eventually(() => {
      const [acknowledgement] = openedOf(client).filter((bytes) => readFlags(bytes, 0) === FLAG_HANDSHAKE);
      return Buffer.from(acknowledgement).readBigUInt64BE(20);
    });
  };
  const challenge = await prove(0n);
  expect(await prove(challenge)).toBe(0n);
}

async function playing(settings: NodeSettings = {}, knows = BOTH) {
  const node = await registrarNode(settings);
  const server = await testServer();
  const client = await playingClient(node, { knows });
  return { node, server, client };
}

/** A game whose session the node has written down. */
async function savedGame(settings: NodeSettings) {
  const stateDir = keptFolder();
  const scene = await playing({ stateDir, ...settings });
  await scene.client.roundTrip(scene.server.endpoint, 'plain');
  await eventually(async () => {
    const [saved] = await savedClients(stateDir);
    expect(saved?.session?.flows).toHaveLength(1);
  });
  return scene;
}

/** Ends the only worker as a fault would; its successor goes on. */
async function crashed(node: RunningNode): Promise<void> {
  await node.crashWorker(0);
  await eventually(() => expect(node.stats().workers[0]).toMatchObject({ state: 'serving', restarts: 1, sessions: 1 }));
}

describe.each(ENGINES)('a node with the %s engine', (io) => {
  it.each([1, 2])('has the client of a session that is attacked tag its packets, with %i workers', async (workers) => {
    const { node, server, client } = await playing({ io, workers });
    expect(capabilitiesExtension.find(client.ack.extensions)).toBe(BOTH);
    await client.roundTrip(server.endpoint, 'plain');
    guess(client);
    expect((await client.control.heard('tags')).sessionId).toBe(client.ack.sessionId);
    await taggedRoundTrip(client, server.endpoint, 'tagged');
    client.data(server.endpoint, 'forged');
    await eventually(() => expect(node.stats().clientDrops).toMatchObject({ bad_token: 8, bad_tag: 1 }));
    expect(node.stats().relay).toMatchObject({ sessionsTagged: 1, sessionsOpened: 1 });
    expect(server.received.map(({ payload }) => payload)).not.toContain('forged');
  });

  it('forwards tagged packets to the worker that has the session', async () => {
    const { node, server, client } = await playing({ io, workers: 2 });
    guess(client);
    await client.control.heard('tags');
    await taggedRoundTrip(client, server.endpoint, 'tagged');
    // The kernel spreads addresses over the workers: some of these are the other one's.
    for (let move = 1; node.stats().relay.forwarded < 3; move++) {
      await moved(client);
      await taggedRoundTrip(client, server.endpoint, `move ${move}`);
    }
    expect(new Set(server.received.map(({ port }) => port)).size).toBe(1);
    expect(node.stats().relay.sessionsOpened).toBe(1);
  });

  it('keeps the tags of a session when its worker crashes, and knows of a client that was only told', async () => {
    const { node, server, client } = await savedGame({ io });
    guess(client);
    await client.control.heard('tags');
    await crashed(node);
    await taggedRoundTrip(client, server.endpoint, 'tagged');
    await node.crashWorker(0);
    await eventually(() => expect(node.stats().workers[0]).toMatchObject({ state: 'serving', restarts: 2, sessions: 1 }));
    client.data(server.endpoint, 'forged');
    await taggedRoundTrip(client, server.endpoint, 'tagged again');
    expect(node.stats().clientDrops.bad_tag).toBe(1);
  });

  it('gives a session tags when its client reports wrong tokens', async () => {
    const { server, client } = await playing({ io, workers: 2 });
    await client.control.say({ type: 'tags', sessionId: client.ack.sessionId });
    await client.control.heard('tags');
    await taggedRoundTrip(client, server.endpoint, 'tagged');
  });
});

describe('a node', () => {
  it('takes no notice of a report about another session', async () => {
    const { client } = await playing();
    await client.control.say({ type: 'tags', sessionId: (client.ack.sessionId ^ 1) >>> 0 });
    expect((await client.control.heard('tags')).sessionId).toBe(client.ack.sessionId);
  });

  it('repeats a message that was lost when the client resumes', async () => {
    const { node, server, client } = await playing();
    await client.control.connection.close();
    guess(client);
    await eventually(() => expect(node.stats().clientDrops.bad_token).toBe(8));
    client.control = await Control.connect(node);
    await client.control.register([client.resume()]);
    expect((await client.control.heard('tags')).sessionId).toBe(client.ack.sessionId);
    await taggedRoundTrip(client, server.endpoint, 'tagged');
  });

  it('keeps the tags of a session over a restart', async () => {
    const stateDir = keptFolder();
    const { node, server, client } = await playing({ stateDir });
    guess(client);
    await client.control.heard('tags');
    await taggedRoundTrip(client, server.endpoint, 'before');
    await node.suspend();
    const again = await registrarNode({ stateDir, dataBind: `127.0.0.1:${node.dataAddress.port}` });
    client.data(server.endpoint, 'forged');
    await taggedRoundTrip(client, server.endpoint, 'after');
    expect(again.stats().clientDrops.bad_tag).toBe(1);
  });

  it('with tags = "off" says that it has none, and with "always" asks every client who can at once', async () => {
    const off = await playing({ tags: 'off' });
    expect(capabilitiesExtension.find(off.client.ack.extensions)).toBe(Capability.challenge);
    guess(off.client, 20);
    await eventually(() => expect(off.node.stats().clientDrops.bad_token).toBe(20));
    expect(off.client.control.said.map(({ type }) => type)).not.toContain('tags');
    const always = await playing({ tags: 'always' });
    await always.client.control.heard('tags');
    await taggedRoundTrip(always.client, always.server.endpoint, 'tagged');
    const plain = await playingClient(always.node);
    await plain.roundTrip(always.server.endpoint, 'of one who cannot');
  });

  it('takes --tags', () => {
    expect([configFromFlags({}).tags, configFromFlags({ tags: 'always' }).tags]).toEqual(['auto', 'always']);
    expect(() => configFromFlags({ tags: 'on' })).toThrow('--tags: got "on", allowed is "auto", "always" or "off"');
  });
});

describe('operators see which sessions are attacked', () => {
  const line = { level: 40, client: '127.0.0.1', msg: 'a session is attacked: somebody guesses its token' };

  it.each([
    ['auto', true],
    ['off', false],
  ] as const)('in the log, /health and metrics, with tags = "%s"', async (tags, hasTags) => {
    const { node, log } = await loggedNode({ tags, httpBind: '127.0.0.1:0' });
    const client = await playingClient(node, { knows: BOTH });
    await playingClient(node, { knows: BOTH });
    guess(client, 100);
    const { sessionId: session } = client.ack;
    const why = 'packets with wrong tokens or tags came in its name';
    await eventually(() => expect(log).toContainEqual(expect.objectContaining({ ...line, session, why, tags: hasTags })));
    expect(log.filter(({ msg }) => msg === line.msg)).toHaveLength(1);
    const { host, port } = node.httpAddress ?? { host: '', port: 0 };
    const health = (await (await fetch(`http://${host}:${port}/health`)).json()) as { control: object };
    expect(health.control).toMatchObject({ attacked: 1, attacked_sessions: [session] });
    expect(await (await fetch(`http://${host}:${port}/metrics`)).text()).toContain('\nlightspeed_attacked_sessions_total 1\n');
  });

  it('until their registrations end', async () => {
    const { node } = await loggedNode({ httpBind: '127.0.0.1:0' });
    const client = await playingClient(node, { knows: BOTH });
    guess(client);
    await client.control.heard('tags');
    await client.control.say({ type: 'disconnect', reason: 'normal' });
    const { host, port } = node.httpAddress ?? { host: '', port: 0 };
    await eventually(async () => {
      const health = (await (await fetch(`http://${host}:${port}/health`)).json()) as { control: object };
      expect(health.control).toMatchObject({ registrations: 0, attacked: 0, attacked_sessions: [] });
    });
  });

  it('also when it is the client to whom wrong tokens come', async () => {
    const { node, log } = await loggedNode();
    const client = await playingClient(node, { knows: BOTH });
    await client.control.say({ type: 'tags', sessionId: client.ack.sessionId });
    await client.control.heard('tags');
    const why = 'packets with wrong tokens came to it in the name of the node';
    expect(log).toContainEqual(expect.objectContaining({ ...line, session: client.ack.sessionId, why }));
  });
});
