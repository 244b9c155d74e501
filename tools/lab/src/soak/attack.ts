import { Random } from '@lightspeed/netem';
import { chooseEngine, createEngine } from '@lightspeed/udp';
import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import { FLAG_FIN, FLAG_HANDSHAKE, HEADER_BYTES, readFlags, readToken } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { writeHandshake, writeHostileDatagram } from './hostile-datagrams.ts';

/** What attackers do to a node. */
export interface AttackPlan {
  readonly node: Endpoint;
  /** One attacker each: addresses of loopback that nobody else uses, for the node may ban them. */
  readonly sourceIps: readonly number[];
  /** A server to which the node lets packets through. */
  readonly server: Endpoint;
  readonly datagramsPerSecond: number;
  readonly seconds: number;
  readonly seed: number;
  /** Longer ones than this cannot reach the node's program whole. */
  readonly longestDatagramBytes: number;
}

/** What an attacker has sent. */
export interface AttackReport {
  /** Datagrams that the kernel took. */
  readonly sent: number;
  /** Of those, longer than the node receives. */
  readonly oversized: number;
  /** Datagrams that the kernel refused to take. */
  readonly unsent: number;
  /** Sessions that attackers opened. */
  readonly sessions: number;
}

const LONGEST_UDP_BYTES = 65_507;
/** An attacker that knows no token asks for a session so often. */
const ASK_EVERY = 50;
const MAX_PER_TURN = 32;

/** Attackers that send a number of datagrams, as fast as the plan says. */
export class Attack implements DatagramHandler {
  readonly #plan: AttackPlan;
  readonly #engine: DatagramEngine = createEngine(chooseEngine('auto').kind, { reserveBytes: 4 * LONGEST_UDP_BYTES });
  readonly #random: Random;
  readonly #sockets: DatagramSocket[] = [];
  /** What each attacker knows: its number is its socket's tag. */
  readonly #tokens: Uint8Array;
  readonly #sequences: Int32Array;
  #reserveUsed = 0;
  #startMs: number | undefined;
  #tried = 0;
  #oversized = 0;
  #sessions = 0;

  private constructor(plan: AttackPlan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
    this.#tokens = new Uint8Array(plan.sourceIps.length);
    this.#sequences = new Int32Array(plan.sourceIps.length);
  }

  static async carryOut(plan: AttackPlan): Promise<AttackReport> {
    const attack = new Attack(plan);
    const engine = attack.#engine;
    for (const ip of plan.sourceIps) {
      const socket = await engine.open({ ip, port: 0 });
      socket.tag = attack.#sockets.length;
      attack.#sockets.push(socket);
    }
    await engine.run(attack);
    const { datagrams_sent, send_would_block, send_no_buffers, send_too_big, send_failed } = engine.counters.snapshot();
    engine.close();
    const unsent = send_would_block + send_no_buffers + send_too_big + send_failed;
    return { sent: datagrams_sent, oversized: attack.#oversized, unsent, sessions: attack.#sessions };
  }

  /** An acknowledgement carries the session's token, a FIN means that there is none any more. */
  onDatagrams({ tag: attacker }: DatagramSocket, count: number): void {
    const { received, arena } = this.#engine;
    for (let index = 0; index < count; index++) {
      if (received.lengths[index] < HEADER_BYTES) continue;
      const flags = readFlags(arena.bytes, received.offsets[index]);
      if (flags === FLAG_FIN) this.#tokens[attacker] = 0;
      if (flags !== FLAG_HANDSHAKE || this.#tokens[attacker] !== 0) continue;
      this.#tokens[attacker] = readToken(arena.bytes, received.offsets[index]);
      this.#sessions++;
    }
  }

  onSent(): void {
    this.#reserveUsed = 0;
  }

  onWake(): void {
    // Nobody wakes it.
  }

  onTick(): number {
    const { datagramsPerSecond, seconds } = this.#plan;
    const all = datagramsPerSecond * seconds;
    if (this.#tried >= all) this.#engine.stop();
    this.#startMs ??= this.#engine.clockMs;
    const due = (((this.#engine.clockMs - this.#startMs) | 0) * datagramsPerSecond) / 1_000;
    const end = Math.min(all, due, this.#tried + MAX_PER_TURN);
    while (this.#tried < end) this.#attack(this.#tried++ % this.#sockets.length);
    return 1;
  }

  #attack(attacker: number): void {
    const { arena, clockUs } = this.#engine;
    const { node, server, longestDatagramBytes } = this.#plan;
    if (this.#reserveUsed + LONGEST_UDP_BYTES > arena.reserve.lengthBytes) {
      this.#engine.flush();
      this.#reserveUsed = 0;
    }
    const offset = arena.reserve.start + this.#reserveUsed;
    const sequence = ++this.#sequences[attacker];
    const token = this.#tokens[attacker];
    const length =
      token === 0 && sequence % ASK_EVERY === 0
        ? writeHandshake(arena.bytes, offset, clockUs)
        : writeHostileDatagram(arena.bytes, offset, this.#random, { token, sequence, server, longestDatagramBytes });
    this.#reserveUsed += length;
    if (length > longestDatagramBytes) this.#oversized++;
    this.#engine.send(this.#sockets[attacker], offset, length, node.ip, node.port);
  }
}
