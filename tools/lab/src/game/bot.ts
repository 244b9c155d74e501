import type { Socket } from 'node:dgram';
import type { Random } from '@lightspeed/netem';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { GAME_HEADER_BYTES, GameKind, decodeGameDatagram, encodeGameDatagram } from './datagram.ts';
import { closeSocket, openLoopbackSocket } from '../loopback-socket.ts';
import { NumberedStream } from './numbered-stream.ts';
import type { StreamStats } from './numbered-stream.ts';
import { Pace } from './pace.ts';

const INPUTS_PER_SECOND = 60;
const JOIN_EVERY_MS = 250;
const SHORTEST_INPUT_BYTES = 40;
const LONGEST_INPUT_BYTES = 120;

/** What a bot has sent, and what came to it. */
export interface BotStats {
  readonly joined: boolean;
  /** Inputs that it sent, and snapshots that came. */
  readonly stream: StreamStats;
  readonly corrupted: number;
  /** Datagrams for another bot, or of a kind that only servers get. */
  readonly misdelivered: number;
}

/** A player: joins a game server, then sends it 60 inputs a second of 40 to 120 bytes, and counts what it gets. */
export class Bot implements AsyncDisposable {
  readonly #id: number;
  readonly #socket: Socket;
  readonly #server: { readonly address: string; readonly port: number };
  readonly #random: Random;
  readonly #stream: NumberedStream;
  readonly #joining: NodeJS.Timeout;
  #pace: Pace | undefined;
  #corrupted = 0;
  #misdelivered = 0;

  private constructor(id: number, socket: Socket, server: Endpoint, random: Random) {
    this.#id = id;
    this.#socket = socket;
    this.#server = { address: formatIpv4(server.ip), port: server.port };
    this.#random = random;
    this.#stream = new NumberedStream(id, GameKind.input);
    socket.on('message', (bytes, from) => {
      if (from.port === this.#server.port && from.address === this.#server.address) this.#receive(bytes);
      else this.#misdelivered++;
    });
    this.#joining = setInterval(() => this.#join(), JOIN_EVERY_MS);
    this.#join();
  }

  /** @param server what the bot believes to be the game server: the tunnel's ingress, say */
  static async start(id: number, server: Endpoint, random: Random): Promise<Bot> {
    return new Bot(id, await openLoopbackSocket(), server, random);
  }

  get stats(): BotStats {
    const joined = this.#pace !== undefined;
    return { joined, stream: this.#stream.stats, corrupted: this.#corrupted, misdelivered: this.#misdelivered };
  }

  /** Sends nothing more, still receives. */
  stopSending(): void {
    clearInterval(this.#joining);
    this.#pace?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopSending();
    await closeSocket(this.#socket);
  }

  #receive(bytes: Buffer): void {
    const datagram = decodeGameDatagram(bytes);
    if (datagram === undefined) this.#corrupted++;
    else if (datagram.bot !== this.#id) this.#misdelivered++;
    else if (datagram.kind === GameKind.welcome) this.#play();
    else if (datagram.kind === GameKind.snapshot) this.#stream.got(datagram, performance.now());
    else this.#misdelivered++;
  }

  #join(): void {
    const join = { kind: GameKind.join, bot: this.#id, sequence: 0, acknowledged: 0, holdUs: 0 };
    this.#send(encodeGameDatagram(join, GAME_HEADER_BYTES));
  }

  #play(): void {
    clearInterval(this.#joining);
    this.#pace ??= new Pace(INPUTS_PER_SECOND, (nowMs) => {
      const lengthBytes = SHORTEST_INPUT_BYTES + this.#random.nextInt(LONGEST_INPUT_BYTES - SHORTEST_INPUT_BYTES + 1);
      this.#send(this.#stream.next(lengthBytes, nowMs));
    });
  }

  #send(bytes: Buffer): void {
    this.#socket.send(bytes, this.#server.port, this.#server.address);
  }
}
