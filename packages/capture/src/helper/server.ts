import { chmodSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { dirname } from 'node:path';
import type { CaptureTarget } from '../protocol.ts';
import { MAX_CAPTURES } from '../rules/marks.ts';
import { CaptureNumbers } from './capture-numbers.ts';
import { ControlGroups } from './control-groups.ts';
import { CaptureSession } from './session.ts';
import type { SessionHost } from './session.ts';
import { descriptorOf, peerOf } from './sockets.ts';

/** Most connections of one user at once, and of all. */
const MAX_PER_USER = 16;
const MAX_CONNECTIONS = 256;
/** Most requests of one user's captures that last, but for root: nft keeps some 200 bytes of each. */
const MAX_REQUESTS_PER_USER = 400_000;
/** The descriptor of the socket that systemd gives (sd_listen_fds(3)). */
const FIRST_GIVEN_FD = 3;

/** The name of the file with the last capture's number, beside the socket. */
export const NUMBER_FILE = 'captures';

/** How the helper works. */
export interface CaptureServerOptions {
  /** Where to listen, or the socket that systemd has opened. */
  readonly listen: { readonly path: string } | 'given';
  /** Where the number of the last capture is kept: longer than the helper runs, and not longer than the machine does. */
  readonly numberFile: string;
  /** Who may use which interface as a gateway: lines of a user's number and an interface's name. */
  readonly gatewayFile: string;
  /** The name of the control group in which those of captures are. */
  readonly slice: string;
  /** Ends after so long without a client; 0 never. */
  readonly idleMs: number;
  readonly log: (text: string) => void;
}

/** The privileged helper: serves any number of clients, each with a capture of its own. */
export class CaptureServer implements SessionHost {
  readonly groups: ControlGroups | undefined;
  readonly isInNamespace = false;
  readonly #options: CaptureServerOptions;
  readonly #server: Server;
  readonly #numbers: CaptureNumbers;
  readonly #captures = new Map<number, { readonly uid: number; readonly target: CaptureTarget }>();
  readonly #sessions = new Set<Promise<void>>();
  readonly #sockets = new Set<Socket>();
  readonly #perUser = new Map<number, number>();
  readonly #requests = new Map<number, number>();
  #idle: NodeJS.Timeout | undefined;
  #ready: () => void = () => undefined;
  /** Resolves when clients can connect. */
  readonly listening = new Promise<void>((resolve) => (this.#ready = resolve));

  constructor(options: CaptureServerOptions) {
    this.#options = options;
    this.groups = ControlGroups.find(options.slice);
    this.#numbers = new CaptureNumbers(options.numberFile);
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens. Resolves when it has ended: after {@link end}, or because nobody came for long. */
  async serve(): Promise<void> {
    const { listen } = this.#options;
    const closed = new Promise<void>((resolve) => this.#server.once('close', resolve));
    const ready = new Promise<void>((resolve, reject) => {
      this.#server.once('listening', resolve);
      this.#server.once('error', reject);
    });
    if (listen === 'given') this.#server.listen({ fd: FIRST_GIVEN_FD });
    else {
      mkdirSync(dirname(listen.path), { recursive: true, mode: 0o755 });
      rmSync(listen.path, { force: true });
      this.#server.listen(listen.path);
    }
    await ready;
    // Whoever connects is known by the kernel's word, and may catch what is his own.
    if (listen !== 'given') chmodSync(listen.path, 0o666);
    this.#ready();
    // A helper that was killed has left what its games were in.
    this.groups?.removeEmpty();
    this.#restWhenIdle();
    await closed;
    await Promise.all(this.#sessions);
  }

  /** Ends all captures, and itself. */
  end(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  mayBeGateway(uid: number, lan: string): boolean {
    if (uid === 0) return true;
    const { gatewayFile } = this.#options;
    const status = statSync(gatewayFile, { throwIfNoEntry: false });
    // What others than root may write says nothing.
    if (status?.uid !== 0 || (status.mode & 0o022) !== 0) return false;
    return readFileSync(gatewayFile, 'utf8').split('\n').includes(`${uid} ${lan}`);
  }

  takeNumber(uid: number, target: CaptureTarget): number | undefined {
    const captures = [...this.#captures.values()];
    if (target.kind === 'gateway' && captures.some((one) => one.target.kind === 'gateway')) return undefined;
    // Nobody has more than are free: so there is always one for a user who has few.
    if (captures.filter((one) => one.uid === uid).length >= MAX_CAPTURES - captures.length) return undefined;
    const number = this.#numbers.next((taken) => this.#captures.has(taken));
    this.#captures.set(number, { uid, target });
    return number;
  }

  giveBack(number: number): void {
    this.#captures.delete(number);
  }

  countRequest(uid: number): boolean {
    const count = this.#requests.get(uid) ?? 0;
    if (uid !== 0 && count >= MAX_REQUESTS_PER_USER) return false;
    this.#requests.set(uid, count + 1);
    return true;
  }

  forgetRequests(uid: number, count: number): void {
    const left = (this.#requests.get(uid) ?? 0) - count;
    if (left > 0) this.#requests.set(uid, left);
    else this.#requests.delete(uid);
  }

  log(text: string): void {
    this.#options.log(text);
  }

  #accept(socket: Socket): void {
    const fd = descriptorOf(socket);
    const peer = peerOf(fd);
    const open = this.#perUser.get(peer.uid) ?? 0;
    if (open >= MAX_PER_USER || this.#sockets.size >= MAX_CONNECTIONS) {
      this.log(`user ${peer.uid} has ${open} connections of ${this.#sockets.size}: one more is refused`);
      socket.destroy();
      return;
    }
    clearTimeout(this.#idle);
    this.#perUser.set(peer.uid, open + 1);
    this.#sockets.add(socket);
    const session = new CaptureSession(this, socket, fd, peer).serve().finally(() => {
      this.#sockets.delete(socket);
      this.#sessions.delete(session);
      this.#perUser.set(peer.uid, (this.#perUser.get(peer.uid) ?? 1) - 1);
      this.#restWhenIdle();
    });
    this.#sessions.add(session);
  }

  #restWhenIdle(): void {
    const { idleMs } = this.#options;
    if (idleMs === 0 || this.#sockets.size > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.end(), idleMs);
  }
}
