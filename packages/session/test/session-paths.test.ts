import { describe, expect, it } from 'vitest';
import type { MultipathMode, TunnelOptions } from '@lightspeed/session';
import { SERVER, endpoint } from './support/lstp-client.ts';
import { World } from './support/world.ts';
import type { WorldTunnel } from './support/world.ts';

const PROGRAM = { ip: 0x7f000001, port: 5_001 };

/** A registered tunnel that plays a datagram every 20 ms against an echo server, and what of it came back. */
class Game {
  readonly world: World;
  readonly tunnel: WorldTunnel;
  readonly echoed = new Set<string>();
  readonly egressPorts = new Set<number>();
  sent = 0;

  constructor(options: Partial<TunnelOptions> = {}, seed = 1) {
    this.world = new World({
      seed,
      tunnels: 1,
      link: { delayMs: 15 },
      registered: true,
      relay: { admission: 'registered' },
      tunnel: { fecGroupSize: 0, ...options },
    });
    [this.tunnel] = this.world.tunnels;
    this.world.onServer = ({ egress, bytes }, answer) => {
      this.egressPorts.add(egress);
      answer(bytes);
    };
    this.tunnel.host.open();
    this.world.run(1_000);
  }

  /** Plays for so long. @returns how many of these datagrams were not echoed. */
  play(ms: number): number {
    const { host } = this.tunnel;
    const mine: string[] = [];
    for (let passed = 0; passed < ms; passed += 20) {
      const text = `${this.sent++}`;
      mine.push(text);
      host.nowMs = this.world.simulation.nowMs;
      host.fromLocal(Buffer.from(text), PROGRAM, SERVER);
      this.world.run(20);
      this.#collect();
    }
    this.world.run(200);
    this.#collect();
    return mine.filter((text) => !this.echoed.has(text)).length;
  }

  #collect(): void {
    for (const { bytes } of this.tunnel.host.takeToLocal()) {
      const text = Buffer.from(bytes).toString();
      if (this.echoed.has(text)) throw new Error(`delivered twice: ${text}`);
      this.echoed.add(text);
    }
  }
}

describe('a session whose client’s address changes', () => {
  it('goes on at once when the client knows, and keeps its egress socket', () => {
    const game = new Game();
    expect(game.play(1_000)).toBe(0);
    game.tunnel.paths[0].address = endpoint('198.18.7.7:1234');
    game.tunnel.host.tunnel.rebind(0);
    game.tunnel.host.flush();
    // What was under way to the old address is lost, and nothing else.
    expect(game.play(2_000)).toBeLessThanOrEqual(2);
    expect(game.egressPorts.size).toBe(1);
    expect([game.world.relay.count('pathsMoved'), game.world.relay.relay.sessionCount]).toEqual([1, 1]);
    expect(game.tunnel.host.events).toEqual(['established']);
  });

  it('goes on within half a second when an address translator changes it and nobody knows', () => {
    const game = new Game();
    expect(game.play(1_000)).toBe(0);
    game.tunnel.paths[0].address = endpoint('203.0.113.1:55555');
    expect(game.play(3_000)).toBeLessThan(40);
    expect(game.play(1_000)).toBe(0);
    expect(game.egressPorts.size).toBe(1);
    expect(game.world.relay.drops()['client:unknown_session']).toBeGreaterThan(0);
  });

  it('takes over an address that another session has had', () => {
    const game = new Game();
    const address = endpoint('203.0.113.200:7');
    const { relay } = game.world.relay;
    const token = game.world.relay.register({ sessionId: 5, ip: address.ip, dialect: 'standard' });
    game.world.relay.fromClient(new Uint8Array([0x12, token, ...new Array<number>(18).fill(0)]), address.ip, address.port);
    expect(relay.sessionCount).toBe(2);
    game.tunnel.paths[0].address = address;
    game.tunnel.host.tunnel.rebind(0);
    game.tunnel.host.flush();
    game.play(500);
    expect(game.play(500)).toBe(0);
    expect(relay.sessionCount).toBe(2);
  });
});

describe('a session with two paths', () => {
  const twoPaths = (multipath: MultipathMode, fecGroupSize = 0) => new Game({ paths: 2, multipath, fecGroupSize });

  it('sends everything by both in mode duplicate, delivers it once, and loses nothing with either path', () => {
    const game = twoPaths('duplicate');
    expect(game.play(1_000)).toBe(0);
    expect(game.world.relay.count('pathsAdded')).toBe(1);
    const [first, second] = game.tunnel.paths;
    for (const path of [first, second]) {
      path.link.aToB.change({ loss: 1 });
      path.link.bToA.change({ loss: 1 });
      expect(game.play(1_000)).toBe(0);
      path.link.aToB.change({ loss: 0 });
      path.link.bToA.change({ loss: 0 });
      expect(game.play(5_000)).toBe(0);
    }
    expect(game.egressPorts.size).toBe(1);
    expect(game.tunnel.host.events).toEqual(['established']);
  });

  it('sends only parity by the second one in mode parity, which brings single losses back', () => {
    const game = twoPaths('parity', 2);
    const { host, paths } = game.tunnel;
    host.pathsUsed.length = 0;
    paths[0].link.aToB.change({ loss: 0.1 });
    paths[0].link.bToA.change({ loss: 0.1 });
    const lost = game.play(4_000);
    expect(lost).toBeLessThan(12);
    expect(game.world.relay.count('parityPackets')).toBeGreaterThan(90);
    const bySecond = host.pathsUsed.filter((path) => path === 1).length;
    expect(bySecond).toBeGreaterThan(90);
    expect(bySecond).toBeLessThan(120);
  });

  it('keeps the second one for when the first is lost in mode standby', () => {
    const game = new Game({ paths: 2, multipath: 'standby', keepaliveMs: 250 });
    const { host, paths } = game.tunnel;
    host.pathsUsed.length = 0;
    expect(game.play(1_000)).toBe(0);
    // Keepalives only.
    expect(host.pathsUsed.filter((path) => path === 1).length).toBeLessThan(8);
    paths[0].link.aToB.change({ loss: 1 });
    paths[0].link.bToA.change({ loss: 1 });
    expect(game.play(3_000)).toBeLessThan(60);
    expect(host.pathEvents.at(-1)).toBe('0 down');
    expect(game.play(1_000)).toBe(0);
    paths[0].link.aToB.change({ loss: 0 });
    paths[0].link.bToA.change({ loss: 0 });
    expect(game.play(6_000)).toBeLessThan(5);
    expect(host.pathEvents.at(-1)).toBe('0 up');
    expect(game.egressPorts.size).toBe(1);
    expect(host.events).toEqual(['established']);
  });

  it('ends by a FIN of either side', () => {
    const game = twoPaths('duplicate');
    game.play(200);
    game.tunnel.host.close();
    game.world.run(2_000);
    expect([game.tunnel.host.tunnel.state, game.world.relay.relay.sessionCount]).toEqual(['closed', 0]);
    const other = twoPaths('duplicate');
    other.play(200);
    other.world.relay.unregister(1_000);
    other.world.relay.flush();
    other.world.run(1_000);
    expect(other.tunnel.host.events.at(-1)).toBe('ended-by-node');
  });
});
