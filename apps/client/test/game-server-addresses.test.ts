import type { FecMemory } from '@lightspeed/fec';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SHORTEST_IDLE_MS } from '@lightspeed/session';
import type { LocalFlow } from '@lightspeed/session';

import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import { requireServer } from '../src/ingress/game-server-name.ts';
import type { FoundServer } from '../src/ingress/game-server-name.ts';
import type { Flow } from '../src/ingress/ingress.ts';
import { LOCAL_COUNTERS_BYTES, localCountersIn } from '../src/ingress/local-counters.ts';
import { PortForward } from '../src/ingress/port-forward.ts';
import { GameServers } from '../src/run/game-servers.ts';
import { LocalSide } from '../src/tunnel/local-side.ts';
import type { Command, WorkerMessage } from '../src/tunnel/messages.ts';
import type { NodeTunnels } from '../src/tunnel/node-tunnels.ts';
import { RulePolicy } from '../src/way/way-policy.ts';

const [A, B, C] = ['203.0.113.1', '203.0.113.2', '203.0.113.3'].map((text) => parseIpv4(text) ?? 0);
const PORT = 8_303;

/** A port forward on a virtual clock, whose node carries datagrams while `isCarrying`. */
class Forward {
  readonly sent: string[] = [];
  readonly answers: number[] = [];
  readonly messages: WorkerMessage[] = [];
  isCarrying = true;
  readonly #engine = {
    clockMs: -3_000,
    received: { offsets: [0], lengths: [1], ips: [0], ports: [0], locals: [0] },
    send: (_socket: unknown, _offset: number, _length: number, _ip: number, port: number) => this.answers.push(port),
  };
  readonly #local: LocalSide;
  readonly forward: PortForward;
  readonly #flows = new Map<string, Flow>();

  constructor(ips: readonly number[]) {
    const engine = this.#engine as unknown as DatagramEngine;
    const counters = localCountersIn(new ArrayBuffer(LOCAL_COUNTERS_BYTES));
    const post = (message: WorkerMessage) => void this.messages.push(message);
    const asking = { policy: new RulePolicy([]), memory: {} as FecMemory, isDecided: false };
    this.#local = new LocalSide({ engine, counters, ...asking, flowTimeoutMs: 120_000, seed: 1, tagFor: () => 0, post });
    this.#local.connect({
      carryByUsed: (flow: Flow) => this.#carry(flow),
      closeFlow: () => undefined,
    } as unknown as NodeTunnels);
    this.forward = new PortForward(this.#local, {} as DatagramSocket, { gameServer: { ip: ips[0], port: PORT }, name: 'game.example' });
    if (ips.length > 1) this.forward.setServerAddresses(ips);
  }

  #carry(flow: Flow): void {
    if (!this.isCarrying) return;
    flow.carried = {} as LocalFlow['carried'];
    const server = formatIpv4(flow.destinationIp >>> 0);
    this.sent.push(server);
    this.#flows.set(`${flow.sourcePort} ${server}`, flow);
  }

  /** A program sends ten times a second for so long. @returns where it went, each address once, in the order of the first time. */
  send(ms: number, program = 1): string[] {
    const before = this.sent.length;
    for (const end = this.#engine.clockMs + ms; this.#engine.clockMs < end; this.#engine.clockMs += 100) this.sendOnce(program);
    return [...new Set(this.sent.slice(before))];
  }

  sendOnce(program = 1): void {
    this.#engine.received.ports[0] = program;
    this.forward.onDatagrams({} as DatagramSocket, 1);
  }

  pass(ms: number): void {
    for (const end = this.#engine.clockMs + ms; this.#engine.clockMs < end; this.#engine.clockMs += 1_000)
      this.#local.tick(this.#engine.clockMs);
  }

  /** The server at an address answers a program. */
  answer(ip: number, program = 1): void {
    const flow = this.#flows.get(`${program} ${formatIpv4(ip)}`);
    if (flow !== undefined) this.#local.deliver(flow, 0, 1);
  }
}

const text = formatIpv4;

describe('a game server with several addresses', () => {
  it('is reached at the next one after three seconds in which the first stays silent while the game sends', () => {
    const forward = new Forward([A, B]);
    expect(forward.send(3_100)).toEqual([text(A)]);
    expect(forward.send(100)).toEqual([text(B)]);
    forward.answer(B);
    expect(forward.send(60_000)).toEqual([text(B)]);
    expect(forward.messages).toEqual([{ type: 'server-given-up', name: 'game.example', port: PORT, silentIp: A, nextIp: B }]);
    // Programs that begin later need not find out for themselves.
    expect(forward.send(100, 2)).toEqual([text(B)]);
  });

  it('is not given up once it has answered, however silent it is then', () => {
    const forward = new Forward([A, B]);
    forward.send(500);
    forward.answer(A);
    expect(forward.send(60_000)).toEqual([text(A)]);
    expect(forward.messages).toEqual([]);
  });

  it('is not given up because the game is silent, or the node carries nothing', () => {
    const forward = new Forward([A, B]);
    forward.sendOnce();
    forward.pass(10_000);
    forward.sendOnce();
    expect(new Set(forward.sent)).toEqual(new Set([text(A)]));
    const unreached = new Forward([A, B]);
    unreached.isCarrying = false;
    unreached.send(20_000);
    unreached.isCarrying = true;
    expect(unreached.send(2_900)).toEqual([text(A)]);
  });

  it('whose addresses are all silent is tried at each in turn, and longer from round to round', () => {
    const forward = new Forward([A, B]);
    forward.send(60_000);
    const given = forward.messages.length;
    expect(given).toBeGreaterThanOrEqual(5);
    expect(given).toBeLessThanOrEqual(8);
    forward.answer(forward.sent.at(-1) === text(A) ? A : B);
    expect(forward.send(60_000)).toHaveLength(1);
  });

  it('with one address keeps it', () => {
    const forward = new Forward([A]);
    expect(forward.send(60_000)).toEqual([text(A)]);
    expect(forward.messages).toEqual([]);
  });
});

describe('a game server whose name leads to another address', () => {
  it('is where it was for flows that run, and where it is for new ones', () => {
    const forward = new Forward([A]);
    forward.send(500);
    forward.answer(A);
    forward.forward.setServerAddresses([B]);
    expect(forward.send(1_000)).toEqual([text(A)]);
    expect(forward.send(500, 2)).toEqual([text(B)]);
    expect(forward.send(500)).toEqual([text(A)]);
    // A flow that was silent for long is over, and its program's next one is new.
    forward.pass(4 * SHORTEST_IDLE_MS + 2_000);
    expect(forward.send(500)).toEqual([text(B)]);
  });

  it('keeps the address that works when the name service only gives another order, or more of them', () => {
    const forward = new Forward([A, B]);
    forward.send(500);
    forward.answer(A);
    forward.forward.setServerAddresses([C, B, A]);
    expect(forward.send(500, 2)).toEqual([text(A)]);
  });
});

describe('the names of game servers', () => {
  function found(...ips: number[]): FoundServer {
    return { ips, ipv6Only: false, why: ips.length === 0 ? 'gone' : '', cause: undefined };
  }

  it('are looked up at the start and every 30 seconds, and what changes is told', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const commands: Command[] = [];
    const told: string[] = [];
    let now = found(B, A);
    const asked: string[] = [];
    const servers = new GameServers(
      [
        { listen: { ip: 0, port: 0 }, gameServer: { ip: C, port: PORT } },
        { listen: { ip: 0, port: 0 }, gameServer: { ip: A, port: PORT }, name: 'game.example' },
      ],
      { command: (command) => commands.push(command), told: (line) => told.push(line) },
      (name) => {
        asked.push(name);
        return Promise.resolve(now);
      },
    );
    await vi.advanceTimersByTimeAsync(1);
    expect(commands.splice(0)).toEqual([{ type: 'server-addresses', ingress: 1, ips: [B, A] }]);
    for (const answer of [found(A, B), found()]) {
      now = answer;
      await vi.advanceTimersByTimeAsync(30_000);
    }
    expect([commands, told]).toEqual([[], []]);
    now = found(C);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(commands).toEqual([{ type: 'server-addresses', ingress: 1, ips: [C] }]);
    expect(told).toEqual([`game server game.example is at ${text(C)} now; new flows go there`]);
    expect(asked).toEqual(Array.from({ length: 4 }, () => 'game.example'));
    servers.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(4);
    servers.givenUp({ type: 'server-given-up', name: 'game.example', port: PORT, silentIp: A, nextIp: B });
    expect(told.at(-1)).toBe(`game server game.example:8303 does not answer at ${text(A)}; trying its next address ${text(B)}:8303`);
  });

  it('that have IPv6 addresses only are an error that says so', async () => {
    const find = () => Promise.resolve({ ips: [], ipv6Only: true, why: 'it has only IPv6 addresses', cause: undefined });
    await expect(requireServer('six.example', '--game-server', find)).rejects.toMatchObject({
      code: 'ERR_CLIENT_RESOLVE',
      message: '--game-server: cannot play on "six.example": it has only IPv6 addresses',
    });
  });
});
