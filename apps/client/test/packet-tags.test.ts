import { FLAG_HANDSHAKE, TunnelHeader, hasTag, readFlags, readToken } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { echoed, egressPorts } from './support/play.ts';
import { LOOPBACK } from './support/test-node.ts';
import { ENGINES, registeredTunnel } from './support/tunnel.ts';

/** A game by a node that notes for each packet of the client whether it had a tag; proofs need none. */
async function playing(io: (typeof ENGINES)[number], options: Parameters<typeof ControlNode.start>[0] = {}) {
  const node = await ControlNode.start(options);
  const server = await EchoServer.named('');
  const seen = { tagged: 0, plain: 0, token: 0, port: 0 };
  node.data.faults.dropFromClient = (packet, _ip, port) => {
    seen.port = port;
    seen.token = readToken(packet, 0);
    if (hasTag(packet, 0, packet.length)) seen.tagged++;
    else if ((readFlags(packet, 0) & FLAG_HANDSHAKE) === 0) seen.plain++;
    return false;
  };
  const tunnel = await registeredTunnel([node], [server.address], { io, keepaliveMs: 250, fecGroupSize: 4 });
  await tunnel.established(5_000);
  const program = await Peer.start();
  const play = (text: string) => echoed(program, text, tunnel.ingresses[0].listen);
  const isTagged = () => until(() => tunnel.stats().counters.tagged === 1 && seen.tagged > 0, 'packets with tags');
  const scene = { node, server, tunnel, program, seen, play, isTagged };
  return Object.assign(scene, {
    async [Symbol.asyncDispose]() {
      program[Symbol.dispose]();
      await tunnel.close();
      server[Symbol.dispose]();
      await node[Symbol.asyncDispose]();
    },
  });
}

describe.each(ENGINES)('a tunnel over the %s engine', (io) => {
  it('tags its packets when the node wants it, and the game goes on', async () => {
    await using scene = await playing(io);
    const { node, server, tunnel, seen, play, isTagged } = scene;
    await play('before');
    const states: string[] = [];
    tunnel.on('control', (_node, state) => states.push(state));
    expect([tunnel.stats().counters.tagged, seen.tagged]).toEqual([0, 0]);
    expect(node.data.relay.tag(node.sessionIds[0])).toBe(true);
    await isTagged();
    const { plain } = seen;
    for (let round = 0; round < 10; round++) await play(`after ${round}`);
    // Where the machine stands still, a HANDSHAKE is repeated, and the second answer to it is one too many.
    const { unexpected_reply: _second, ...drops } = tunnel.stats().nodeDrops;
    expect([seen.plain, drops, egressPorts(server), states]).toEqual([plain, {}, 1, ['tagged']]);
  });

  it('tells the node when packets with wrong tokens come in its name, and both change', async () => {
    await using scene = await playing(io);
    const { node, seen, play, isTagged } = scene;
    await play('before');
    const token = seen.token === 1 ? 2 : 1;
    for (let n = 0; n < 8; n++) {
      const forged = TunnelHeader.data(n, 1, { ip: 1, port: 1 }, { ip: 2, port: 2 }).withSessionToken(token).encode();
      node.data.forge(forged, LOOPBACK, seen.port);
    }
    await isTagged();
    expect(node.reports).toEqual(node.sessionIds);
    await play('after');
  });

  it('says again that it tags when its control connection is back, to a node that has forgotten', async () => {
    await using scene = await playing(io);
    const { node, tunnel, play, isTagged } = scene;
    node.data.relay.tag(node.sessionIds[0]);
    await isTagged();
    node.tagged.clear();
    await node.cut();
    await until(() => node.reports.length === 1, 'the report after the resume');
    await play('after');
    expect(tunnel.stats().counters.tagged).toBe(1);
  });

  it.each(['is lost', 'is closed for a restart'])(
    'goes on when the node’s clock has started over and its control connection %s',
    async (how) => {
      await using scene = await playing(io);
      const { node, tunnel, program, play, isTagged } = scene;
      node.data.relay.tag(node.sessionIds[0]);
      await isTagged();
      await play('before');
      node.data.bootedUs = 100_000_000;
      await until(() => {
        program.send('too old', tunnel.ingresses[0].listen);
        return (tunnel.stats().nodeDrops.too_old ?? 0) > 0;
      }, 'answers that are too old');
      if (how === 'is lost') await node.cut();
      else await (await node.restartControl())();
      await until(() => node.resumed.length === 1, 'the resume');
      await play('after');
      expect([tunnel.stats().counters.tagged, node.data.count('sessionsOpened')]).toEqual([1, 1]);
    },
  );

  it('tags on the path through another node too, and what the other node carries', async () => {
    await using node = await ControlNode.start({ tags: 'always' });
    await using other = await ControlNode.start({ tags: 'always' });
    using server = await EchoServer.named('');
    const seen = [node, other].map(({ data }) => {
      const counts = { tagged: 0, plain: 0 };
      data.faults.dropFromClient = (packet) => {
        if (hasTag(packet, 0, packet.length)) counts.tagged++;
        else if (readFlags(packet, 0) === 0) counts.plain++;
        return false;
      };
      return counts;
    });
    await using tunnel = await registeredTunnel([node], [server.address], {
      io,
      keepaliveMs: 50,
      fecGroupSize: 4,
      multipath: 'duplicate',
      register: { via: other.settings },
    });
    await tunnel.established(5_000);
    await until(() => tunnel.stats().paths.every(({ up }) => up) && other.data.count('sessionsTagged') === 1, 'both paths, with tags');
    const before = seen.map(({ plain }) => plain);
    using program = await Peer.start();
    for (let round = 0; round < 10; round++) await echoed(program, `${round}`, tunnel.ingresses[0].listen);
    await until(() => other.data.count('dataPackets') >= 10, 'packets through the other node');
    await until(() => tunnel.stats().counters.tagged === 1, 'the counters to tell of tags');
    expect(seen.every(({ tagged }) => tagged > 10)).toBe(true);
    expect(seen.map(({ plain }) => plain)).toEqual(before);
  });

  it('tags from the opening on where the node always wants it, and again after the node has ended the session', async () => {
    await using scene = await playing(io, { tags: 'always' });
    const { node, play, isTagged } = scene;
    await isTagged();
    await play('first');
    node.data.endSessions();
    await until(() => node.data.count('sessionsOpened') === 2, 'another session');
    await play('second');
    await isTagged();
  });
});
