import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PeerCapability } from '@lightspeed/session';
import { FLAG_FIN, FLAG_HANDSHAKE, TunnelHeader, hasTag, readFlags } from '@lightspeed/wire';
import { PROGRAM, SERVER, bytesOf, endpoint, textOf } from './support/lstp-client.ts';
import { World } from './support/world.ts';

const UNLIMITED = { admission: 'registered' as const, maxPpsPerClient: 1e6, maxBpsPerClient: 1e9 };

/** A game of one tunnel, 60 datagrams a second each way, and what arrives of it. */
function game(fecGroupSize: number, link = {}, seed = 1) {
  const world = new World({
    seed,
    tunnels: 1,
    link: { delayMs: 30, ...link },
    relay: UNLIMITED,
    tunnel: { fecGroupSize, keepaliveMs: 500, maxKeepaliveMisses: 1_000 },
    registered: true,
    canTag: true,
  });
  const [{ host, paths }] = world.tunnels;
  const up: string[] = [];
  const forged: string[] = [];
  world.onServer = ({ bytes }, answer) => {
    const text = textOf(bytes);
    (text.startsWith('up') ? up : forged).push(text);
    answer(bytesOf(text.replace('up', 'down')));
  };
  host.open();
  world.run(1_000);
  let number = 0;
  const play = (ms: number) => {
    for (let at = 0; at < ms; at += 16) {
      world.simulation.at(world.simulation.nowMs + at, () => {
        host.nowMs = world.simulation.nowMs;
        host.fromLocal(bytesOf(`up ${number++}`), PROGRAM, SERVER);
      });
    }
    world.run(ms);
  };
  const forge = (token: number, sequence: number, text: string, flags = 0) => {
    const header =
      flags === 0 ? TunnelHeader.data(sequence, 1, PROGRAM, SERVER) : TunnelHeader.fin(sequence, (world.simulation.nowMs * 1_000) | 0);
    return header.withSessionToken(token).encodeWithPayload(bytesOf(text), 'standard');
  };
  const down = () => host.takeToLocal().map(({ bytes }) => textOf(bytes));
  return { world, host, address: paths[0].address, play, forge, up, down, forged, sent: () => number };
}

describe('a session of a tunnel', () => {
  it.each([0, 4])('changes to tags in the middle of a game and loses nothing, with FEC groups of %i', (fecGroupSize) => {
    const { world, host, play, up, down, sent } = game(fecGroupSize);
    play(1_000);
    expect(host.count('tagged')).toBe(0);
    expect(world.relay.relay.tag(1_000)).toBe(true);
    play(2_000);
    world.run(1_000);
    expect(host.count('tagged')).toBe(1);
    expect([up.length, down().length]).toEqual([sent(), sent()]);
    expect([host.drops(), world.relay.drops()]).toEqual([{}, {}]);
    host.takeToNode();
    play(200);
    expect(host.takeToNode().every((bytes) => hasTag(bytes, 0, bytes.length))).toBe(true);
  });

  it.each(['node', 'client'] as const)(
    'changes when somebody guesses its token at the %s, and nothing forged passes from then on',
    (end) => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 1_000 }), (seed) => {
          const { world, host, address, play, forge, forged, down, up, sent } = game(4, { loss: 0.02, jitterMs: 10 }, seed);
          play(500);
          const attack = (sequence: number) => {
            for (let token = 1; token < 256; token++) {
              const at = world.simulation.nowMs + token;
              const flags = token % 2 === 0 ? 0 : FLAG_FIN;
              const bytes = forge(token, sequence, `evil ${token}`, flags);
              world.simulation.at(at, () => {
                if (end === 'node') world.relay.fromClient(bytes, address.ip, address.port);
                else host.fromNode(bytes);
              });
            }
          };
          attack(30_000);
          play(1_000);
          expect(host.count('tagged')).toBe(1);
          const before = forged.length;
          down();
          for (let i = 0; i < 5; i++) {
            attack(20_000 + i * 10_000);
            play(400);
          }
          world.run(1_000);
          expect(forged).toHaveLength(before);
          expect(down().filter((text) => !text.startsWith('down'))).toEqual([]);
          expect(world.relay.count('sessionsOpened')).toBe(1);
          expect(up.length).toBeGreaterThan(sent() * 0.9);
          expect(host.events).not.toContain('ended-by-node');
        }),
        { numRuns: 5 },
      );
    },
  );

  it('reports an attack once, after eight wrong tokens', () => {
    const { host, forge } = game(0);
    const header = host.takeToNode();
    expect(header.length).toBeGreaterThan(0);
    const token = new Uint8Array(header.at(-1) ?? [])[1];
    for (let i = 0; i < 30; i++) host.fromNode(forge(token === 9 ? 10 : 9, 5 + i, 'evil'));
    expect(host.attacks).toBe(1);
  });

  it('goes on with tags, and with new keys, when the node has ended it and it is opened again', () => {
    const { world, host, play, up, down } = game(4);
    world.relay.relay.tag(1_000);
    play(1_000);
    world.relay.relay.shutdown();
    world.relay.flush();
    world.run(1_000);
    expect(host.events).toContain('ended-by-node');
    host.open();
    world.run(500);
    const before = up.length;
    down();
    play(1_000);
    world.run(500);
    expect([up.length - before, down().length]).toEqual([63, 63]);
    expect(host.count('tagged')).toBe(1);
    // What was under way when it ended.
    expect(Object.keys(world.relay.drops())).toEqual(['client:unknown_session']);
  });

  it('takes an ending by a tagged FIN at once', () => {
    const { world, host, play } = game(0);
    world.relay.relay.tag(1_000);
    play(1_000);
    world.relay.relay.shutdown();
    world.relay.flush();
    world.run(40);
    expect(host.events).toContain('ended-by-node');
  });

  it('ends by its own FIN in one round trip', () => {
    const { world, host, play } = game(0);
    world.relay.relay.tag(1_000);
    play(1_000);
    host.close();
    world.run(80);
    expect(host.tunnel.state).toBe('closed');
  });

  it('does not end by a FIN without a tag that came right before the first tagged packet, or right behind it', () => {
    const { world, host, play, forge } = game(0);
    play(500);
    const token = host.takeToNode().at(-1)?.[1] ?? 0;
    const send = host.onPacket;
    // Proofs, which would show that the node is there, are lost.
    host.onPacket = (path, bytes) => {
      if ((readFlags(bytes, 0) & FLAG_HANDSHAKE) === 0) send?.(path, bytes);
    };
    host.fromNode(forge(token, 1, '', FLAG_FIN));
    world.relay.relay.tag(1_000);
    play(200);
    expect(host.count('tagged')).toBe(1);
    host.fromNode(forge(token, 2, '', FLAG_FIN));
    play(1_500);
    expect([host.events, host.drops()]).toEqual([['established'], { 'node:bad_tag': 1 }]);
  });

  it('goes on when the clock of the node has started over and the client has resumed it', () => {
    const { world, host, play, down } = game(0);
    world.relay.relay.tag(1_000);
    play(1_000);
    world.run(200);
    down();
    world.relay.bootedMs = 100_000;
    play(500);
    expect([down(), host.drops()['node:too_old']]).toEqual([[], 28]);
    // As after a restart its numbers are far ahead too.
    const fromNode = host.fromNode.bind(host);
    host.fromNode = () => undefined;
    play(20_000);
    host.fromNode = fromNode;
    host.startTags();
    play(500);
    expect(down().length).toBeGreaterThan(25);
  });

  it('goes on when the node was killed before it had written the session down, and has forgotten that it has tags', () => {
    const { world, host, play, up, down } = game(0);
    const { relay } = world;
    relay.relay.tag(1_000);
    play(1_000);
    const token = host.takeToNode().at(-1)?.[1] ?? 0;
    // It ends without a word.
    const fromNode = host.fromNode.bind(host);
    host.fromNode = (bytes, ...from) => {
      if ((readFlags(bytes, 0) & FLAG_FIN) === 0) fromNode(bytes, ...from);
    };
    relay.relay.unregister(1_000);
    relay.flush();
    const prefix = relay.prefixOf(endpoint('203.0.113.1:40000').ip);
    const capabilities = PeerCapability.challenges | PeerCapability.tags;
    relay.relay.register({ sessionId: 1_000, ...prefix, token, dialect: 'standard', secret: new Uint8Array(16).fill(1), capabilities });
    // The client says so when its control connection is back.
    relay.relay.tag(1_000);
    play(3_000);
    world.run(200);
    const before = up.length;
    down();
    play(1_000);
    world.run(500);
    expect([up.length - before, down().length]).toEqual([63, 63]);
    expect(relay.count('sessionsTagged')).toBe(2);
    // The numbers of another session begin anew.
    expect(host.drops()['node:duplicate']).toBeUndefined();
  });
});
