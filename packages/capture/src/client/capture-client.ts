import { EventEmitter } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import { CAPTURE_PROTOCOL, DEFAULT_CAPTURE_SOCKET } from '../protocol.ts';
import type {
  CaptureCounts,
  CaptureEnded,
  CaptureRefusal,
  CaptureReply,
  CaptureRequest,
  CaptureTarget,
  CapturedFlow,
  FlowAddress,
} from '../protocol.ts';
import { FdReceiver } from '../base/fd-messages.ts';
import { NativeMemory, errnoName, libc } from '../base/libc.ts';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0x8_0000;
const MSG_NOSIGNAL = 0x4000;
const SHUT_RDWR = 2;
const SOCKADDR_UN_BYTES = 110;
const MAX_BYTES = 4_096;

/** What the helper refuses, or why it cannot be reached. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  readonly code: CaptureRefusal | 'no_helper' | 'ended';

  constructor(code: CaptureRefusal | 'no_helper' | 'ended', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What a client hears without asking. */
export interface CaptureClientEvents {
  /** The capture is over: everything goes as if there were none. */
  ended: [why: string];
}

interface Answer {
  readonly reply: Extract<CaptureReply, { ok: true }>;
  readonly fd: number | undefined;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: CaptureError) => void;
}

/** Where caught datagrams come to. */
export interface CaptureListener {
  /** Whoever gets it closes it. */
  readonly fd: number;
  readonly port: number;
}

/** An unprivileged client's connection with the helper. */
export class CaptureClient extends EventEmitter<CaptureClientEvents> {
  readonly #fd: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #fds: number[] = [];
  #nextId = 1;
  #isOver = false;
  #why = 'the helper has closed the connection';

  private constructor(fd: number) {
    super();
    this.#fd = fd;
    void this.#listen();
  }

  /** @throws {CaptureError} `no_helper` with what to do. */
  static connect(path = DEFAULT_CAPTURE_SOCKET): CaptureClient {
    const bytes = Buffer.from(path);
    const address = new NativeMemory(SOCKADDR_UN_BYTES);
    address.view.setUint16(0, AF_UNIX, true);
    address.bytes.set(bytes.subarray(0, SOCKADDR_UN_BYTES - 3), 2);
    const fd = libc().socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw new CaptureError('no_helper', `cannot open a Unix socket: ${errnoName()}`);
    if (libc().connect(fd, address.address, 2 + bytes.length + 1) < 0) {
      const why = errnoName();
      libc().close(fd);
      const what = why === 'ENOENT' ? 'it is not installed' : why === 'ECONNREFUSED' ? 'it does not run' : why;
      throw new CaptureError('no_helper', `the helper does not answer at ${path}: ${what}. Install it: sudo lightspeed setup`);
    }
    return new CaptureClient(fd);
  }

  /**
   * A helper that gets its end of the connection when it starts.
   * @param start starts it with a descriptor, which is closed here afterwards.
   * @throws {CaptureError} `no_helper`
   */
  static pairWith(start: (fd: number) => void): CaptureClient {
    const pair = new NativeMemory(8);
    if (libc().socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.address) < 0) {
      throw new CaptureError('no_helper', `cannot open Unix sockets: ${errnoName()}`);
    }
    const theirs = pair.view.getInt32(4, true);
    try {
      start(theirs);
    } finally {
      libc().close(theirs);
    }
    return new CaptureClient(pair.view.getInt32(0, true));
  }

  /** Makes the rules of a capture: nothing but a trial is caught yet. @throws {CaptureError} */
  async catch(target: CaptureTarget, nodes: readonly string[]): Promise<CaptureListener> {
    const { reply, fd } = await this.#ask({ op: 'catch', version: CAPTURE_PROTOCOL, target, nodes });
    if (fd === undefined) throw new CaptureError('not_possible', 'the helper has sent no socket');
    return { fd, port: reply.port ?? 0 };
  }

  /** Has a datagram go the whole way; then the capture begins. The socket of {@link catch} must be served. @throws {CaptureError} `trial_failed` */
  async trial(): Promise<void> {
    await this.#ask({ op: 'trial' });
  }

  /** Puts one of the user's processes among those that are caught. @throws {CaptureError} */
  async place(pid: number): Promise<void> {
    await this.#ask({ op: 'place', pid });
  }

  /** A socket that has the address of the flow's server: whoever gets it closes it. @throws {CaptureError} */
  async answer(flow: CapturedFlow): Promise<number> {
    const { fd } = await this.#ask({ op: 'answer', flow });
    if (fd === undefined) throw new CaptureError('not_possible', 'the helper has sent no socket');
    return fd;
  }

  /** Lets the kernel carry a flow. @throws {CaptureError} */
  async direct(flow: CapturedFlow, datagram: Uint8Array): Promise<void> {
    await this.#ask({ op: 'direct', flow, datagram: Buffer.from(datagram).toString('base64') });
  }

  /** Lets the kernel carry what a program's socket begins from now on. @throws {CaptureError} */
  async peers(source: FlowAddress): Promise<void> {
    await this.#ask({ op: 'peers', source });
  }

  /**
   * For how many milliseconds the program of a flow that the kernel carries has sent nothing. An older helper does not know.
   * @throws {CaptureError} `not_caught` if the kernel carries no such flow, or has forgotten it: three minutes of silence are enough.
   */
  async silentMs(flow: CapturedFlow): Promise<number> {
    const { reply } = await this.#ask({ op: 'silence', flow });
    return reply.silentMs ?? 0;
  }

  /** @throws {CaptureError} */
  async counts(): Promise<CaptureCounts> {
    const { reply } = await this.#ask({ op: 'counts' });
    return reply.counts ?? { caught: 0, direct: 0, peers: 0, answersRefused: 0 };
  }

  /** Ends the capture. Harmless when repeated. */
  close(): void {
    if (this.#isOver) return;
    libc().shutdown(this.#fd, SHUT_RDWR);
  }

  #ask(request: CaptureRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) return reject(new CaptureError('ended', this.#why));
      const id = this.#nextId++;
      const bytes = Buffer.from(`${JSON.stringify({ id, ...request })}\n`);
      const memory = new NativeMemory(bytes.length);
      memory.bytes.set(bytes);
      this.#waiting.set(id, { resolve, reject });
      // A short line, on a socket that waits: it goes out whole, or the helper is gone.
      if (Number(libc().send(this.#fd, memory.address, bytes.length, MSG_NOSIGNAL)) !== bytes.length) {
        this.#waiting.delete(id);
        reject(new CaptureError('ended', this.#why));
      }
    });
  }

  async #listen(): Promise<void> {
    const receiver = new FdReceiver(this.#fd, MAX_BYTES);
    const decoder = new StringDecoder('utf8');
    let text = '';
    for (let message = await receiver.next(); message !== undefined; message = await receiver.next()) {
      this.#fds.push(...message.fds);
      text += decoder.write(Buffer.from(message.bytes));
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        this.#take(JSON.parse(text.slice(0, end)) as CaptureReply | CaptureEnded);
        text = text.slice(end + 1);
      }
    }
    this.#isOver = true;
    for (const fd of [...this.#fds, this.#fd]) libc().close(fd);
    for (const { reject } of this.#waiting.values()) reject(new CaptureError('ended', this.#why));
    this.#waiting.clear();
    this.emit('ended', this.#why);
  }

  #take(message: CaptureReply | CaptureEnded): void {
    if ('event' in message) {
      this.#why = message.why;
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    const fd = message.ok && message.fds === 1 ? this.#fds.shift() : undefined;
    if (!message.ok) waiting?.reject(new CaptureError(message.code, message.message));
    else waiting?.resolve({ reply: message, fd });
  }
}
