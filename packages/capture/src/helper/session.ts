import { StringDecoder } from 'node:string_decoder';
import type { Socket } from 'node:net';
import { CAPTURE_PROTOCOL, MAX_LINE_BYTES, readRequest } from '../protocol.ts';
import type { CaptureRefusal, CaptureReply, CaptureRequest, CaptureTarget } from '../protocol.ts';
import { sendWithFd } from '../base/fd-messages.ts';
import { returnProgramPages } from '../base/program-pages.ts';
import { Capture, NotCaught } from './capture.ts';
import type { ControlGroups } from './control-groups.ts';
import { NotAllowed } from './known-process.ts';
import { RequestRate } from './request-rate.ts';
import { closeFd } from './sockets.ts';
import type { Peer } from './sockets.ts';

/** Most requests of a client that wait: it does not read its replies, or asks too much. */
const MAX_WAITING = 256;
/** And of their characters: no user takes the memory that the helper has for all. */
const MAX_WAITING_CHARACTERS = 512 * 1_024;
const MAX_DATAGRAM_BYTES = 9_000;
/** Once something is caught there is little to do: what it took until then is given back after this time. */
const RETURN_PAGES_MS = 2_000;

/** What the sessions of a helper share. */
export interface SessionHost {
  readonly groups: ControlGroups | undefined;
  /** Whether it is in a game's network namespace, and catches all of that; otherwise it catches parts of a machine. */
  readonly isInNamespace: boolean;
  /** Whether a user may use a LAN's interface as a gateway. */
  mayBeGateway(uid: number, lan: string): boolean;
  /**
   * A number for a user's capture that no other has, and no socket of an earlier one.
   * @returns undefined if there are as many as there may be, or another gateway
   */
  takeNumber(uid: number, target: CaptureTarget): Promise<number | undefined>;
  giveBack(number: number): void;
  log(text: string): void;
}

/** A refusal with its code. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: CaptureRefusal;

  constructor(code: CaptureRefusal, message: string) {
    super(message);
    this.code = code;
  }
}

/** One client: one connection, one capture. The capture ends when the connection does. */
export class CaptureSession {
  readonly #host: SessionHost;
  readonly #socket: Socket;
  readonly #fd: number;
  readonly #peer: Peer;
  #capture: Capture | undefined;
  #number = 0;
  readonly #rate = new RequestRate(performance.now());
  #waiting = 0;
  #waitingCharacters = 0;
  #work: Promise<void> = Promise.resolve();
  #isOver = false;

  /** @param fd of the socket */
  constructor(host: SessionHost, socket: Socket, fd: number, peer: Peer) {
    this.#host = host;
    this.#socket = socket;
    this.#fd = fd;
    this.#peer = peer;
  }

  /** Serves until the client is gone. Resolves when nothing of its capture is left. */
  async serve(): Promise<void> {
    const decoder = new StringDecoder('utf8');
    let text = '';
    this.#socket.on('data', (bytes: Buffer) => {
      text += decoder.write(bytes);
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        this.#take(text.slice(0, end));
        text = text.slice(end + 1);
      }
      if (text.length > MAX_LINE_BYTES) this.#socket.destroy();
    });
    await new Promise<void>((resolve) => {
      this.#socket.on('error', () => undefined);
      this.#socket.on('end', () => this.#socket.destroy());
      this.#socket.once('close', () => resolve());
    });
    this.#isOver = true;
    // The rules go at once, whatever else was asked.
    await this.#capture?.end();
    await this.#work;
    await this.#capture?.end();
    if (this.#number > 0) this.#host.giveBack(this.#number);
  }

  #take(line: string): void {
    if (this.#waiting >= MAX_WAITING || this.#waitingCharacters + line.length > MAX_WAITING_CHARACTERS) {
      this.#socket.destroy();
      return;
    }
    this.#waiting++;
    this.#waitingCharacters += line.length;
    this.#work = this.#work.then(async () => {
      this.#waiting--;
      this.#waitingCharacters -= line.length;
      if (!this.#isGone) await this.#handle(line);
    });
  }

  async #handle(line: string): Promise<void> {
    let id = 0;
    // Whatever one client asks, the helper goes on for all others.
    try {
      const read = readRequest(line);
      id = read.id;
      this.#count();
      if (read.request === undefined) return this.#refuse(id, 'bad_request', read.fault ?? 'nothing was asked');
      await this.#obey(id, read.request);
    } catch (error) {
      this.#refuseFor(id, error);
    }
  }

  #count(): void {
    if (!this.#rate.take(performance.now()))
      throw new Refused('too_many', 'this connection asks too often: a few hundred requests a second are too many');
  }

  #refuseFor(id: number, error: unknown): void {
    if (error instanceof Refused) this.#refuse(id, error.code, error.message);
    else if (error instanceof NotAllowed) this.#refuse(id, 'not_allowed', error.message);
    else if (error instanceof NotCaught) this.#refuse(id, 'not_caught', error.message);
    else this.#refuse(id, 'not_possible', error instanceof Error ? error.message : String(error));
  }

  async #trial(id: number, capture: Capture): Promise<void> {
    try {
      const obstacle = await capture.trial();
      if (obstacle !== undefined) throw new Refused('trial_failed', obstacle);
      this.#reply({ id, ok: true });
      setTimeout(returnProgramPages, RETURN_PAGES_MS).unref();
    } catch (error) {
      this.#refuseFor(id, error);
    }
  }

  async #obey(id: number, request: CaptureRequest): Promise<void> {
    if (request.op === 'catch') return this.#catch(id, request);
    const capture = this.#capture;
    if (capture === undefined) throw new Refused('bad_request', 'nothing is caught: the first request must be catch');
    switch (request.op) {
      case 'trial':
        // The client answers it by requests of its own.
        void this.#trial(id, capture);
        break;
      case 'place':
        capture.place(request.pid);
        this.#reply({ id, ok: true });
        break;
      case 'answer': {
        const fd = capture.answer(request.flow);
        this.#reply({ id, ok: true, fds: 1 }, fd);
        closeFd(fd);
        break;
      }
      case 'direct': {
        const datagram = Buffer.from(request.datagram, 'base64');
        if (datagram.length > MAX_DATAGRAM_BYTES) throw new Refused('bad_request', `a datagram has at most ${MAX_DATAGRAM_BYTES} bytes`);
        capture.direct(request.flow, datagram);
        this.#reply({ id, ok: true });
        break;
      }
      case 'silence':
        this.#reply({ id, ok: true, silentMs: capture.silentMs(request.flow) });
        break;
      case 'peers':
        capture.peers(request.source);
        this.#reply({ id, ok: true });
        break;
      case 'counts':
        this.#reply({ id, ok: true, counts: capture.counts() });
        break;
    }
  }

  async #catch(id: number, { version, target, nodes }: Extract<CaptureRequest, { op: 'catch' }>): Promise<void> {
    if (version !== CAPTURE_PROTOCOL) {
      throw new Refused(
        'wrong_version',
        `this helper speaks version ${CAPTURE_PROTOCOL}, and the client ${version}: run lightspeed setup again`,
      );
    }
    if (this.#number > 0) throw new Refused('bad_request', 'a connection catches once');
    const { uid } = this.#peer;
    if ((target.kind === 'namespace') !== this.#host.isInNamespace) {
      throw new Refused('not_allowed', `this helper is not one that catches by ${target.kind}`);
    }
    if (target.kind === 'gateway' && !this.#host.mayBeGateway(uid, target.lan)) {
      throw new Refused('not_allowed', `only root may make a gateway of ${target.lan}, or a user whom setup --gateway has entered`);
    }
    const number = await this.#host.takeNumber(uid, target);
    if (number === undefined) throw new Refused('too_many', 'there are as many captures as there may be, or another gateway');
    this.#number = number;
    const capture = await Capture.start({ number, uid, target, nodes }, this.#host.groups);
    this.#capture = capture;
    this.#host.log(`capture ${number} of user ${uid}: ${target.kind}`);
    this.#reply({ id, ok: true, port: capture.port, fds: 1 }, capture.listener);
  }

  #refuse(id: number, code: CaptureRefusal, message: string): void {
    this.#host.log(`user ${this.#peer.uid}: ${code}: ${message}`);
    this.#reply({ id, ok: false, code, message });
  }

  /** Then its descriptor may be another connection's already. */
  get #isGone(): boolean {
    return this.#isOver || this.#socket.destroyed;
  }

  /** By the descriptor, since only that can carry others. A client that does not read is gone. */
  #reply(reply: CaptureReply, fd?: number): void {
    if (this.#isGone) return;
    if (!sendWithFd(this.#fd, `${JSON.stringify(reply)}\n`, fd)) this.#socket.destroy();
  }
}
