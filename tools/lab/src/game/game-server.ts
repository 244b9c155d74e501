import type { RemoteInfo, Socket } from 'node:dgram';
import type { Random } from '@lightspeed/netem';
import type { Endpoint } from '@lightspeed/wire';
import { GAME_HEADER_BYTES, GameKind, decodeGameDatagram, encodeGameDatagram } from './datagram.ts';
import type { GameDatagram } from './datagram.ts';
import { closeSocket, endpointOf, openLoopbackSocket } from '../loopback-socket.ts';
import { NumberedStream } from './numbered-stream.ts';
import type { StreamStats } from './numbered-stream.ts';
import { Pace } from './pace.ts';

const TICKS_PER_SECOND = 30;
const SHORTEST_SNAPSHOT_BYTES = 100;
const LONGEST_SNAPSHOT_BYTES = 600;

/** What the game server has sent, and what came to it. */
export interface GameServerStats {
  /** Of each bot that has joined: snapshots that it was sent, and inputs that came. */
  readonly players: readonly { readonly bot: number; readonly stream: StreamStats }[];
  readonly corrupted: number;
  /** Datagrams of a bot from another address than the one that it joined from, or of a kind that only bots get. */
  readonly misdelivered: number;
}

interface Player {
  readonly from: RemoteInfo;
  readonly stream: NumberedStream;
}

/** The lab's game server: 30 times a second it sends each bot that has joined a snapshot of 100 to 600 bytes. */
export class GameServer implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #random: Random;
  readonly #players = new Map<number, Player>();
  readonly #pace: Pace;
  #corrupted = 0;
  #misdelivered = 0;

  private constructor(socket: Socket, random: Random) {
    this.#socket = socket;
    this.#random = random;
    socket.on('message', (bytes, from) => this.#receive(bytes, from));
    this.#pace = new Pace(TICKS_PER_SECOND, (nowMs) => this.#tick(nowMs));
  }

  static async start(random: Random): Promise<GameServer> {
    return new GameServer(await openLoopbackSocket(), random);
  }

  get address(): Endpoint {
    return endpointOf(this.#socket);
  }

  get stats(): GameServerStats {
    const players = [...this.#players].map(([bot, { stream }]) => ({ bot, stream: stream.stats }));
    return { players, corrupted: this.#corrupted, misdelivered: this.#misdelivered };
  }

  /** Sends no more snapshots, still receives. */
  stopSending(): void {
    this.#pace.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopSending();
    await closeSocket(this.#socket);
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    const datagram = decodeGameDatagram(bytes);
    if (datagram === undefined) {
      this.#corrupted++;
      return;
    }
    const player = this.#players.get(datagram.bot);
    if (player !== undefined && !sameAddress(player.from, from)) this.#misdelivered++;
    else if (datagram.kind === GameKind.join) this.#welcome(datagram, from);
    else if (datagram.kind === GameKind.input && player !== undefined) player.stream.got(datagram, performance.now());
    else this.#misdelivered++;
  }

  #welcome({ bot }: GameDatagram, from: RemoteInfo): void {
    if (!this.#players.has(bot)) this.#players.set(bot, { from, stream: new NumberedStream(bot, GameKind.snapshot) });
    const welcome = { kind: GameKind.welcome, bot, sequence: 0, acknowledged: 0, holdUs: 0 };
    this.#socket.send(encodeGameDatagram(welcome, GAME_HEADER_BYTES), from.port, from.address);
  }

  #tick(nowMs: number): void {
    for (const { from, stream } of this.#players.values()) {
      const lengthBytes = SHORTEST_SNAPSHOT_BYTES + this.#random.nextInt(LONGEST_SNAPSHOT_BYTES - SHORTEST_SNAPSHOT_BYTES + 1);
      this.#socket.send(stream.next(lengthBytes, nowMs), from.port, from.address);
    }
  }
}

function sameAddress(a: RemoteInfo, b: RemoteInfo): boolean {
  return a.port === b.port && a.address === b.address;
}
