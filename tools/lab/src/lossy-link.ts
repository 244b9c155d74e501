import type { RemoteInfo, Socket } from 'node:dgram';
import { NetemLink } from '@lightspeed/netem';
import type { Impairments } from '@lightspeed/netem';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { LOOPBACK, bindLoopback, createLoopbackSocket, endpointOf, hostOf, openLoopbackSocket } from './loopback-socket.ts';
import type { LoopbackAddress } from './loopback-socket.ts';

/** Where a link is, and what it does to datagrams. */
export interface LossyLinkOptions {
  /** Where datagrams of sources are forwarded to. */
  readonly target: LoopbackAddress;
  /** Where to listen: an ephemeral port of 127.0.0.1 when left out. */
  readonly listen?: LoopbackAddress | undefined;
  /** Addresses of loopback from which an IPv4 target is reached: sources take turns in them. Just 127.0.0.1 when left out. */
  readonly fromIps?: readonly number[] | undefined;
  /** Decides which packets are lost, and how long each takes. */
  readonly seed: number;
  /** What happens on the way to the target. */
  readonly toTarget: Impairments;
  /** What happens on the way back; the same as on the way there when left out, but not to the same packets. */
  readonly toSource?: Impairments | undefined;
}

/** A datagram on its way: through which socket it leaves, and for whom. */
interface Passage {
  readonly bytes: Buffer;
  readonly socket: Socket;
  readonly to: { readonly address: string; readonly port: number };
}

/**
 * A link on real sockets that loses, delays, reorders and duplicates. It listens on an ephemeral port of loopback and
 * passes datagrams on to a target and back. Each source has a socket of its own, so that the target can tell sources
 * apart.
 *
 * ```
 *   source a --.                      .-- socket a --.
 *               >-- address -- netem <                >-- target
 *   source b --'                      '-- socket b --'
 * ```
 *
 * All sources share one emulated link. Runs on the caller's event loop: some thousand packets a second are nothing to
 * it, but a caller that blocks the loop delays packets. Its figures come from the emulator, which decided on each packet.
 */
export class LossyLink implements AsyncDisposable {
  /** Where sources send to; the ip is 0 if that is `::1`. */
  readonly address: Endpoint;
  readonly #front: Socket;
  readonly #options: LossyLinkOptions;
  readonly #target: Passage['to'];
  readonly #netem: NetemLink<Passage>;
  readonly #upstream = new Map<string, Socket>();
  /** Upstream sockets that are not closed. */
  readonly #open = new Set<Socket>();
  readonly #blocked = new Set<string>();
  #upstreamsOpened = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Infinity;
  #refused = 0;

  private constructor(front: Socket, netem: NetemLink<Passage>, options: LossyLinkOptions) {
    this.#front = front;
    this.#options = options;
    this.#target = { address: hostOf(options.target), port: options.target.port };
    this.#netem = netem;
    this.address = endpointOf(front);
    front.on('message', (bytes, from) => this.#fromSource(bytes, from));
    front.on('error', () => this.#refused++);
  }

  /** @throws {NetemError} `ERR_NETEM_INVALID_OPTION` for impairments that the emulator refuses */
  static async open(options: LossyLinkOptions): Promise<LossyLink> {
    const { listen, seed, toTarget, toSource } = options;
    const netem = new NetemLink<Passage>({ ...toTarget, seed }, toSource && { ...toSource, seed: seed + 1 });
    return new LossyLink(await openLoopbackSocket(listen), netem, options);
  }

  /** What it has done to datagrams, each way. */
  get stats() {
    return {
      toTarget: this.#netem.aToB.stats,
      toSource: this.#netem.bToA.stats,
      /** Addresses that have sent to the link, and that it has not forgotten. */
      sources: this.#upstream.size,
      /** Datagrams that a socket refused to take. They count as delivered above. */
      refused: this.#refused,
    };
  }

  /** From now on loses everything that is sent, in both directions; what is under way still arrives. */
  cut(): void {
    this.#netem.aToB.change({ loss: 1 });
    this.#netem.bToA.change({ loss: 1 });
  }

  /** Takes back {@link cut}. */
  mend(): void {
    const { toTarget, toSource = toTarget } = this.#options;
    this.#netem.aToB.change({ loss: toTarget.loss });
    this.#netem.bToA.change({ loss: toSource.loss });
  }

  /** From now on loses everything that this address sends or is sent; what is under way still arrives. */
  block(ip: number): void {
    this.#blocked.add(formatIpv4(ip));
  }

  /** Takes back {@link block}. */
  unblock(ip: number): void {
    this.#blocked.delete(formatIpv4(ip));
  }

  /** Forgets its sources, as a NAT does: the target sees each at another port from its next packet on. */
  async forget(): Promise<void> {
    this.#upstream.clear();
    await this.#closeUpstream();
  }

  /** Closes all sockets; what is under way is gone. Harmless when repeated. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all([this.#front[Symbol.asyncDispose](), this.#closeUpstream()]);
  }

  async #closeUpstream(): Promise<void> {
    const sockets = [...this.#open];
    this.#open.clear();
    await Promise.all(sockets.map((socket) => socket[Symbol.asyncDispose]()));
  }

  #fromSource(bytes: Buffer, from: RemoteInfo): void {
    if (this.#blocked.has(from.address)) return;
    const key = `${from.address}:${from.port}`;
    const socket = this.#upstream.get(key) ?? this.#openUpstream(from);
    this.#upstream.set(key, socket);
    this.#netem.aToB.send({ bytes, socket, to: this.#target }, bytes.length, performance.now());
    this.#deliverDue();
  }

  #openUpstream(source: RemoteInfo): Socket {
    const isIpv6 = this.#target.address.includes(':');
    const socket = createLoopbackSocket(isIpv6 ? 6 : 4);
    socket.on('message', (bytes, from) => {
      if (from.port !== this.#target.port || from.address !== this.#target.address) return;
      if (this.#blocked.has(source.address)) return;
      this.#netem.bToA.send({ bytes, socket: this.#front, to: source }, bytes.length, performance.now());
      this.#deliverDue();
    });
    socket.on('error', () => this.#refused++);
    this.#open.add(socket);
    const { fromIps = [LOOPBACK] } = this.#options;
    const ip = fromIps[this.#upstreamsOpened++ % fromIps.length];
    bindLoopback(socket, isIpv6 ? { host: this.#target.address, port: 0 } : { ip, port: 0 });
    return socket;
  }

  #deliverDue(): void {
    const nowMs = performance.now();
    for (const direction of [this.#netem.aToB, this.#netem.bToA]) {
      for (let next = direction.deliver(nowMs); next !== undefined; next = direction.deliver(nowMs)) this.#pass(next);
    }
    const dueMs = this.#netem.nextDeliveryMs();
    if (dueMs === undefined || dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#timerDueMs = Infinity;
      this.#deliverDue();
    }, dueMs - nowMs);
  }

  #pass({ bytes, socket, to }: Passage): void {
    // Closed since, by `forget`.
    if (socket !== this.#front && !this.#open.has(socket)) return;
    socket.send(bytes, to.port, to.address, (error) => {
      if (error !== null) this.#refused++;
    });
  }
}
