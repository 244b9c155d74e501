import { FEC_BLOCK_BYTES, FecMemory } from '@lightspeed/fec';
import { chooseEngine, createEngine } from '@lightspeed/udp';
import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import type { Framing } from './framing.ts';
import { HeaderFraming } from './header-framing.ts';
import type { LoadAnswer, LoadQuestion, LoadTarget, WindowPlan } from './load-messages.ts';
import { LstpFecFraming, LstpFraming } from './lstp-framing.ts';
import { LstpSessions } from './lstp-sessions.ts';
import { OpeningRun } from './opening-run.ts';
import { PlainFraming } from './plain-framing.ts';
import { Schedule } from './schedule.ts';
import { SendBuffer } from './send-buffer.ts';
import { TurnFraming } from './turn-framing.ts';
import { GAME_SERVER, WindowRun } from './window-run.ts';
import type { WindowResult } from './window-run.ts';

const PACKETS_BYTES = 256 * 1_024;
/** Blocks for parity: one open group for each of a thousand clients, and what is on its way to the kernel. */
const FEC_BLOCKS = 1_400;
const OPENING_BYTES = 1_024;

/** Clients and game server on sockets of one engine: opens sessions and runs windows of load, one after another. */
export class Generator {
  readonly #engine: DatagramEngine = createEngine(chooseEngine('auto').kind, {
    reserveBytes: PACKETS_BYTES + OPENING_BYTES + FEC_BLOCKS * FEC_BLOCK_BYTES,
  });
  readonly #buffer: SendBuffer;
  readonly #memory: FecMemory;
  readonly #openingPlace: number;
  readonly #sockets: DatagramSocket[] = [];
  readonly #sessions = new Map<string, LstpSessions>();
  readonly #framings = new Map<string, Framing>();
  #server: DatagramSocket | undefined;
  #windows = 0;

  constructor() {
    const { memory, reserve } = this.#engine.arena;
    this.#buffer = new SendBuffer(this.#engine, reserve.start, PACKETS_BYTES);
    this.#openingPlace = reserve.start + PACKETS_BYTES;
    const blocks = this.#openingPlace + OPENING_BYTES;
    this.#memory = new FecMemory(memory, blocks, reserve.start + reserve.lengthBytes - blocks);
  }

  async answer(question: LoadQuestion): Promise<LoadAnswer> {
    switch (question.ask) {
      case 'sockets':
        return this.#openSockets(question.clients, question.sourceIps, question.serverIp);
      case 'sessions':
        this.#sessions.set(question.name, new LstpSessions(this.#memory.bytes, question.registered));
        return { answer: 'sessions' };
      case 'open':
        return { answer: 'open', open: await this.#open(question.target) };
      case 'window':
        return { answer: 'window', result: await this.#runWindow(question.target, question.plan) };
    }
  }

  close(): void {
    this.#engine.close();
  }

  async #openSockets(clients: number, sourceIps: readonly number[], serverIp: number): Promise<LoadAnswer> {
    const server = await this.#engine.open({ ip: serverIp, port: 0 });
    server.tag = GAME_SERVER;
    this.#server = server;
    for (let client = 0; client < clients; client++) {
      const socket = await this.#engine.open({ ip: sourceIps[client % sourceIps.length], port: 0 });
      socket.tag = client;
      this.#sockets.push(socket);
    }
    const gameServer = { ip: server.localIp, port: server.localPort };
    return { answer: 'sockets', gameServer, receiveBufferBytes: server.receiveBufferBytes };
  }

  async #open(target: LoadTarget): Promise<number> {
    const framing = this.#framingOf(target);
    framing.renew();
    const sockets = this.#sockets.slice(0, target.clients);
    const run = new OpeningRun(this.#engine, framing, target.address, sockets, this.#openingPlace);
    if (run.open < sockets.length) await this.#engine.run(run);
    return run.open;
  }

  async #runWindow(target: LoadTarget, plan: WindowPlan): Promise<WindowResult> {
    const sockets = this.#sockets.slice(0, target.clients);
    const schedule = new Schedule({ ...plan, clients: target.clients });
    const framing = this.#framingOf(target);
    const window = ++this.#windows;
    const run = new WindowRun(this.#engine, window, framing, target.address, sockets, schedule, plan.timeoutMs, this.#buffer);
    const dropsBefore = this.#ownDrops();
    await this.#engine.run(run);
    return run.result(this.#ownDrops() - dropsBefore);
  }

  #framingOf(target: LoadTarget): Framing {
    const known = this.#framings.get(target.name);
    if (known !== undefined) return known;
    const made = this.#makeFraming(target);
    this.#framings.set(target.name, made);
    return made;
  }

  #makeFraming({ name, framing, gameServer }: LoadTarget): Framing {
    const { bytes } = this.#memory;
    if (this.#server === undefined) throw new Error('the sockets must be opened first');
    const server = gameServer ?? { ip: this.#server.localIp, port: this.#server.localPort };
    if (framing.kind === 'plain') return new PlainFraming();
    if (framing.kind === 'header') return new HeaderFraming(bytes, this.#sockets.length);
    if (framing.kind === 'turn') return new TurnFraming(bytes, this.#sockets.length, server);
    const sessions = this.#sessions.get(framing.registrations);
    if (sessions === undefined) throw new Error(`${name} has no sessions called ${framing.registrations}`);
    const { groupSize } = framing;
    if (groupSize === 0) return new LstpFraming(bytes, sessions, server);
    return new LstpFecFraming(this.#memory, sessions, server, this.#sockets.length, groupSize);
  }

  #ownDrops(): number {
    const sockets = this.#server === undefined ? this.#sockets : [...this.#sockets, this.#server];
    const counters = this.#engine.counters;
    const refused = counters.get('send_would_block') + counters.get('send_no_buffers') + counters.get('send_failed');
    return sockets.reduce((drops, socket) => drops + socket.kernelDrops(), refused);
  }
}
