import { getSystemErrorName } from 'node:util';
import { parseIpv4 } from '@lightspeed/wire';
import type { ProbeTarget } from '../base/options.ts';
import { ProbeError } from '../base/errors.ts';
import { libc } from './libc.ts';
import type { Libc } from './libc.ts';
import { Message } from './message.ts';
import type { Arrival } from './message.ts';

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_ICMP = 1;
const IPPROTO_UDP = 17;
const SOL_IP = 0;
const SOL_SOCKET = 1;
const IP_TTL = 2;
const IP_RECVERR = 11;
const SO_TIMESTAMPNS = 35;
const SO_MARK = 36;
const MSG_DONTWAIT = 0x40;
const MSG_ERRQUEUE = 0x2000;
const CLOCK_REALTIME = 0;
const SOCKADDR_BYTES = 16;
const SCRATCH_BYTES = 64;

/** What a socket speaks: UDP, ICMP echo as the system allows it to everybody, or ICMP as root. */
export type Protocol = 'udp' | 'icmp' | 'raw-icmp';

/** How to open a socket. */
export interface ProbeSocketOptions {
  readonly protocol: Protocol;
  readonly target: ProbeTarget;
  readonly mark: number | undefined;
  /** Own address; undefined for the system's choice. */
  readonly source: string | undefined;
  /** After how many routers its datagrams end; undefined for the system's default. */
  readonly ttl?: number;
}

/** Machines whose structures this package knows: 64-bit, little-endian. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64'];

/** Why sockets of this kind cannot work on this machine at all, or undefined. */
export function whyNoProbeSockets(): string | undefined {
  if (process.platform !== 'linux') return `the system is ${process.platform}, not Linux`;
  if (!ARCHITECTURES.includes(process.arch)) return `the processor is ${process.arch}, not one of ${ARCHITECTURES.join(', ')}`;
  try {
    libc();
    return undefined;
  } catch (error) {
    return `koffi cannot call the C library (${error instanceof Error ? error.message : 'unknown'})`;
  }
}

let message: Message | undefined;

/**
 * A socket that is connected with one target. The kernel gives it what comes from there, and what routers on the way say
 * of its datagrams. The kernel's clock says when that came.
 */
export class ProbeSocket {
  readonly #libc: Libc = libc();
  readonly #fd: number;
  readonly #scratch = new Uint8Array(new ArrayBuffer(SCRATCH_BYTES));
  readonly #view = new DataView(this.#scratch.buffer);
  readonly #address = this.#libc.addressOf(this.#scratch);
  #isOpen = true;

  /** @throws {ProbeError} `ERR_PROBE_UNAVAILABLE` with the system's reason. */
  constructor({ protocol, target, mark, source, ttl }: ProbeSocketOptions) {
    const type = (protocol === 'raw-icmp' ? SOCK_RAW : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    this.#fd = this.#libc.socket(AF_INET, type, protocol === 'udp' ? IPPROTO_UDP : IPPROTO_ICMP);
    if (this.#fd < 0) throw this.#refused(`a socket for ${protocol}`);
    this.#set(SOL_SOCKET, SO_TIMESTAMPNS, 1, 'SO_TIMESTAMPNS');
    this.#set(SOL_IP, IP_RECVERR, 1, 'IP_RECVERR');
    if (mark !== undefined) this.#set(SOL_SOCKET, SO_MARK, mark, 'SO_MARK, which needs CAP_NET_ADMIN');
    if (ttl !== undefined) this.#set(SOL_IP, IP_TTL, ttl, 'IP_TTL');
    if (source !== undefined) this.#bind(source);
    this.#connect(target, protocol);
  }

  /** @returns when it was sent, in microseconds of the wall clock; undefined if the system did not take it. */
  send(bytes: Uint8Array): number | undefined {
    // The scratch memory is at an address that does not move; the caller's may.
    this.#scratch.set(bytes);
    const sentUs = this.nowUs(bytes.length);
    return this.#libc.send(this.#fd, this.#address, bytes.length, MSG_DONTWAIT) < 0 ? undefined : sentUs;
  }

  /** The next datagram that has come, or if `errors` the next ICMP error; undefined for none. */
  receive(errors: boolean): Arrival | undefined {
    message ??= new Message(this.#libc);
    message.prepare();
    const length = this.#libc.recvmsg(this.#fd, message.address, errors ? MSG_DONTWAIT | MSG_ERRQUEUE : MSG_DONTWAIT);
    return length < 0 ? undefined : message.read(length);
  }

  /** The kernel's wall clock. @param behind bytes of scratch memory that are in use. */
  nowUs(behind = 0): number {
    const at = (behind + 7) & ~7;
    this.#libc.clockGettime(CLOCK_REALTIME, this.#address + BigInt(at));
    return Number(this.#view.getBigInt64(at, true)) * 1_000_000 + Number(this.#view.getBigInt64(at + 8, true)) / 1_000;
  }

  /** Harmless when repeated. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#libc.close(this.#fd);
  }

  #set(level: number, name: number, value: number, called: string): void {
    this.#view.setUint32(0, value, true);
    if (this.#libc.setsockopt(this.#fd, level, name, this.#address, 4) < 0) throw this.#refused(called);
  }

  #bind(source: string): void {
    this.#putAddress(source, 0);
    if (this.#libc.bind(this.#fd, this.#address, SOCKADDR_BYTES) < 0) throw this.#refused(`to send from ${source}`);
  }

  #putAddress(ip: string, port: number): void {
    this.#scratch.fill(0, 0, SOCKADDR_BYTES);
    this.#view.setUint16(0, AF_INET, true);
    this.#view.setUint16(2, port);
    this.#view.setUint32(4, (parseIpv4(ip) ?? 0) >>> 0);
  }

  #connect({ ip, port }: ProbeTarget, protocol: Protocol): void {
    this.#putAddress(ip, protocol === 'udp' ? port : 0);
    if (this.#libc.connect(this.#fd, this.#address, SOCKADDR_BYTES) < 0) throw this.#refused(`a way to ${ip}`);
  }

  #refused(what: string): ProbeError {
    const errno = getSystemErrorName(-this.#libc.errno());
    if (this.#fd >= 0) this.close();
    return new ProbeError('ERR_PROBE_UNAVAILABLE', `the system refuses ${what}: ${errno}`);
  }
}
