import { Capability, capabilitiesExtension } from '@lightspeed/control';
import type { NodeSettings } from '@lightspeed/proxy';
import { tagKeys } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { TunnelHeader, openPacket, sealPacket } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { configFromFlags } from '../src/cli/flags.ts';
import { eventually } from './support/eventually.ts';
import { keptFolder } from './support/kept-folder.ts';
import { loggedNode } from './support/logged-node.ts';
import { Control, playingClient } from './support/registered-client.ts';
import type { RegisteredClient } from './support/registered-client.ts';
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

/** Sends a tagged datagram until its echo has come, with a right tag. */
async function taggedRoundTrip(client: RegisteredClient, server: { readonly ip: number; readonly port: number }, text: string) {
  const { word0, word1 } = keysOf(client).down;
  const echoes = () =>
    client.tagged.map((bytes) => {
      const copy = Uint8Array.from(bytes);
      expect(openPacket(new DataView(copy.buffer), 0, copy.length, word0, word1)).toBe(0);
      return Buffer.from(copy.subarray(24)).toString();
    });
  client.sendBytes(sealed(client, client.packet(server, text)));
  await eventually(() => expect(echoes()).toContain(text));
}

async function playing(settings: NodeSettings = {}, knows = BOTH) {
  const node = await registrarNode(settings);
  const server = await testServer();
  const client = await playingClient(node, { knows });
  return { node, server, client };
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

it('operators see which sessions are attacked', async () => {
  const { node, log } = await loggedNode();
  const client = await playingClient(node, { knows: BOTH });
  guess(client);
  await client.control.heard('tags');
  expect(log).toContainEqual(
    expect.objectContaining({
      client: '127.0.0.1',
      session: client.ack.sessionId,
      why: '8 packets with wrong tokens came in its name',
      msg: 'a session is attacked: somebody guesses its token, and its packets get tags',
    }),
  );
});
