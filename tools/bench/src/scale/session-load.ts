import { PROOF_PACKET_BYTES, encodeProof } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { chooseEngine, createEngine } from '@lightspeed/udp';
import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import { FLAG_HANDSHAKE, HEADER_BYTES, VERSION_PLAIN, readFlags, readToken, writeHeader } from '@lightspeed/wire';
import { clientIp, secretOf, serverIp, serverOf, sessionIdOf, tokenOf } from './addresses.ts';
import { LatencyCounts, latenciesOf } from './latency-counts.ts';
import type { LoadAnswer, LoadStart, LoadTask } from './load-messages.ts';

const GAME_PORT = 27_015;
const PAYLOAD_BYTES = 120;
const TICK_MS = 1;
/** What one tick catches up with at most: a burst longer than that measures the burst. */
const MOST_PER_TICK = 256;
const SOCKET_BUFFER_BYTES = 32_768;
const SERVER_BUFFER_BYTES = 4_194_304;
/** Packets of a session that was not opened are tried again after so long. */
const RETRY_MS = 500;
/** Answers to the last packets are waited for. */
const LINGER_MS = 300;

const PACKET_BYTES = 256;
const PACKET_PLACES = 1_024;
const HEADROOM_BYTES = 64;

/** Sockets' tags: a client's is the number of its session within this process, a game server's is this. */
const GAME_SERVER = -1;

/**
 * Clients with a session each on its own socket and address, and the game servers that they play on, which echo. Between
 * two tasks nothing moves.
 */
export class SessionLoad implements DatagramHandler {
  readonly #engine: DatagramEngine = createEngine(chooseEngine('auto').kind, { reserveBytes: PACKET_PLACES * PACKET_BYTES });
  readonly #start: LoadStart;
  readonly #clients: DatagramSocket[] = [];
  readonly #sequences: Uint16Array;
  readonly #isOpen: Uint8Array;
  readonly #tokens: Uint8Array;
  #opened = 0;
  #place = 0;
  #task: LoadTask | undefined;
  #latencies = new LatencyCounts();
  #beganUs = 0;
  #sent = 0;
  #received = 0;
  #next = 0;
  #handshakes = 0;
  #roundUs = 0;

  private constructor(start: LoadStart) {
    this.#start = start;
    this.#sequences = new Uint16Array(start.sessions);
    this.#isOpen = new Uint8Array(start.sessions);
    // Who is not registered is told a token.
    this.#tokens = Uint8Array.from({ length: start.sessions }, (_, session) => {
      return start.registered ? tokenOf(start.firstSession + session) : 0;
    });
  }

  static async start(start: LoadStart): Promise<SessionLoad> {
    const load = new SessionLoad(start);
    const { firstSession, sessions } = start;
    const lastServer = serverOf(firstSession + sessions - 1);
    for (let server = serverOf(firstSession); server <= lastServer; server++) {
      const socket = await load.#open(serverIp(server), GAME_PORT, SERVER_BUFFER_BYTES);
      socket.tag = GAME_SERVER;
    }
    for (let session = 0; session < sessions; session++) {
      const socket = await load.#open(clientIp(firstSession + session), 0, SOCKET_BUFFER_BYTES);
      socket.tag = session;
      load.#clients.push(socket);
    }
    return load;
  }

  /** Does one task. */
  async run(task: LoadTask): Promise<LoadAnswer> {
    this.#task = task;
    this.#latencies = new LatencyCounts();
    this.#beganUs = this.#engine.nowUs();
    this.#sent = 0;
    this.#received = 0;
    this.#next = 0;
    this.#handshakes = 0;
    this.#roundUs = 0;
    await this.#engine.run(this);
    return {
      opened: this.#opened,
      sent: this.#sent,
      received: this.#received,
      latencies: latenciesOf(this.#latencies),
    };
  }

  close(): void {
    this.#engine.close();
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    const { offsets, lengths, ips, ports } = this.#engine.received;
    for (let i = 0; i < count; i++) {
      if (socket.tag === GAME_SERVER) this.#engine.send(socket, offsets[i], lengths[i], ips[i], ports[i]);
      else this.#clientHears(socket, offsets[i]);
    }
  }

  onSent(): void {
    this.#place = 0;
  }

  onWake(): void {
    // Nobody wakes it.
  }

  onTick(): number {
    const elapsedUs = this.#engine.nowUs() - this.#beganUs;
    if (this.#task?.type === 'open') this.#openMore(elapsedUs, this.#task.ratePps, this.#task.timeoutMs);
    if (this.#task?.type === 'send') this.#sendMore(elapsedUs, this.#task);
    return TICK_MS;
  }

  #openMore(elapsedUs: number, ratePps: number, timeoutMs: number): void {
    const { sessions } = this.#start;
    if (this.#opened === sessions || elapsedUs > timeoutMs * 1_000) return this.#engine.stop();
    const due = Math.floor((elapsedUs * ratePps) / 1e6);
    if (this.#next === sessions) {
      // Once round: those that are not open are asked again, if they stay so for a while.
      this.#handshakes = due;
      if (elapsedUs < this.#roundUs + RETRY_MS * 1_000) return;
      this.#next = 0;
    }
    const last = this.#handshakes + MOST_PER_TICK;
    for (; this.#handshakes < Math.min(due, last) && this.#next < sessions; this.#next++) {
      if (this.#isOpen[this.#next] === 1) continue;
      this.#send(this.#next, FLAG_HANDSHAKE);
      this.#handshakes++;
    }
    this.#roundUs = elapsedUs;
  }

  #sendMore(elapsedUs: number, task: Extract<LoadTask, { type: 'send' }>): void {
    if (elapsedUs > (task.forMs + LINGER_MS) * 1_000) return this.#engine.stop();
    if (elapsedUs > task.forMs * 1_000) return;
    const due = Math.floor((elapsedUs * task.ratePps) / 1e6) - this.#sent;
    for (let count = 0; count < Math.min(due, MOST_PER_TICK); count++) {
      this.#send(this.#next, 0);
      this.#next = this.#next + 1 < Math.min(task.sessions, this.#start.sessions) ? this.#next + 1 : 0;
    }
  }

  #clientHears(socket: DatagramSocket, offset: number): void {
    const { bytes } = this.#engine.arena;
    const session = socket.tag;
    if ((readFlags(bytes, offset) & FLAG_HANDSHAKE) !== 0) {
      this.#tokens[session] = readToken(bytes, offset);
      this.#send(session, 0);
      return;
    }
    if (this.#isOpen[session] === 0) this.#opened++;
    this.#isOpen[session] = 1;
    this.#received++;
    this.#latencies.add(((this.#engine.nowUs() | 0) - stampAt(bytes, offset + HEADER_BYTES)) | 0);
  }

  /** A HANDSHAKE, with a proof if the session is registered, or a packet to the session's game server with the time in front of its payload. */
  #send(session: number, flags: number): void {
    if (this.#place === PACKET_PLACES) this.#flush();
    const { bytes, reserve } = this.#engine.arena;
    const { node, firstSession, registered } = this.#start;
    const offset = reserve.start + this.#place++ * PACKET_BYTES + HEADROOM_BYTES;
    const nowUs = this.#engine.nowUs() | 0;
    const number = firstSession + session;
    const sequence = this.#sequences[session]++;
    const isProof = flags !== 0 && registered;
    // A proof has the number of a path and a mode in place of ports: 0, and the first.
    const [ip, server, port] = isProof ? [0, 0, 0] : [clientIp(number), serverIp(serverOf(number)), GAME_PORT];
    writeHeader(bytes, offset, VERSION_PLAIN, flags, this.#tokens[session], sequence, nowUs, ip, port, server, port);
    let length = HEADER_BYTES;
    if (isProof) {
      encodeProof(bytes, offset, sessionIdOf(number), BigInt(sequence), secretOf(number), hmacSha256);
      length = PROOF_PACKET_BYTES;
    } else if (flags === 0) {
      writeStamp(bytes, offset + HEADER_BYTES, nowUs);
      length = HEADER_BYTES + PAYLOAD_BYTES;
    }
    this.#engine.send(this.#clients[session], offset, length, node.ip, node.port);
    this.#sent++;
  }

  #flush(): void {
    this.#engine.flush();
    this.#place = 0;
  }

  #open(ip: number, port: number, bufferBytes: number): Promise<DatagramSocket> {
    return this.#engine.open({ ip, port, receiveBufferBytes: bufferBytes, sendBufferBytes: bufferBytes });
  }
}

function writeStamp(bytes: Uint8Array, at: number, us: number): void {
  bytes[at] = us >> 24;
  bytes[at + 1] = us >> 16;
  bytes[at + 2] = us >> 8;
  bytes[at + 3] = us;
}

function stampAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
