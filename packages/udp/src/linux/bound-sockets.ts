import { readdirSync, readlinkSync } from 'node:fs';
import { AddressBook, canonicalAddress } from '@lightspeed/wire';
import type { Port } from '@lightspeed/wire';
import { UdpError } from '../errors.ts';
import { NativeBlock } from './libc.ts';
import { findObstacle } from './obstacle.ts';
import { errnoName, RawSockets } from './raw-sockets.ts';

/*
 * Sockets that a library of this process has opened, and does not show. The system knows them all.
 */

/** One instruction of classic BPF (Linux, Documentation/networking/filter.rst), with the names that it has there. */
export interface FilterInstruction {
  readonly code: number;
  /** How many instructions to skip if the comparison holds, and if not. */
  readonly jt?: number;
  readonly jf?: number;
  readonly k: number;
}

/** A UDP socket of this process, and what its filter and its buffer have dropped. It stays its opener's. */
export interface BoundSocket {
  /** Its descriptor, while it is open. */
  readonly fd: number;
  /**
   * From now on the socket takes only datagrams for which the program returns more than 0. The program sees the 8 bytes of
   * the UDP header and then the payload. Each datagram comes alone, so that none hides behind another.
   *
   * @throws {UdpError} `ERR_UDP_FILTER`
   */
  filter(program: readonly FilterInstruction[]): void;
  /**
   * How many datagrams the kernel has dropped in front of it: those that its filter refused, and those for which there was
   * no room. A number of 32 bits that wraps; undefined once the socket is closed.
   */
  drops(): number | undefined;
}

const OPEN_FILES = '/proc/self/fd';
const INSTRUCTION_BYTES = 8;
/** A `struct sock_fprog`: how many instructions there are, and where. */
const PROGRAM_BYTES = 16;
const PROGRAM_POINTER_WORD = 2;

/**
 * The UDP sockets of this process that are bound to exactly this address and port, whoever has opened them. Linux only.
 *
 * @param address as text, IPv4 or IPv6
 * @throws {UdpError} `ERR_UDP_FILTER` where the system does not tell
 */
export function findBoundSockets(address: string, port: Port): BoundSocket[] {
  const obstacle = findObstacle();
  if (obstacle !== undefined) throw new UdpError('ERR_UDP_FILTER', `cannot look at open sockets: ${obstacle.reason}`);
  const book = new AddressBook({ maxRetained: 1 });
  const sockets = new RawSockets(book);
  const wanted = canonicalAddress(address);
  const found: BoundSocket[] = [];
  for (const name of openFiles()) {
    const fd = Number(name);
    const target = targetOf(fd);
    if (target === undefined || !target.startsWith('socket:') || !sockets.isDatagram(fd)) continue;
    const local = sockets.localAddress(fd);
    if (local?.port === port && book.format(local.ip) === wanted) found.push(new OpenSocket(fd, target, sockets));
  }
  return found;
}

class OpenSocket implements BoundSocket {
  readonly fd: number;
  /** What the descriptor stands for: its number goes to another file once it is closed. */
  readonly #target: string;
  readonly #sockets: RawSockets;

  constructor(fd: number, target: string, sockets: RawSockets) {
    this.fd = fd;
    this.#target = target;
    this.#sockets = sockets;
  }

  filter(program: readonly FilterInstruction[]): void {
    const instructions = new NativeBlock(program.length * INSTRUCTION_BYTES);
    for (const [at, { code, jt = 0, jf = 0, k }] of program.entries()) {
      instructions.words.set([code | (jt << 16) | (jf << 24), k], at * 2);
    }
    const filter = new NativeBlock(PROGRAM_BYTES);
    filter.words[0] = program.length;
    filter.setUint64(PROGRAM_POINTER_WORD, instructions.address);
    if (!this.#sockets.endMerging(this.fd)) throw this.#refused('UDP_GRO');
    if (!this.#sockets.attachFilter(this.fd, filter)) throw this.#refused('SO_ATTACH_FILTER');
  }

  drops(): number | undefined {
    return targetOf(this.fd) === this.#target ? this.#sockets.drops(this.fd) >>> 0 : undefined;
  }

  #refused(option: string): UdpError {
    const errno = errnoName(this.#sockets.libc.errno());
    return new UdpError('ERR_UDP_FILTER', `the system refuses ${option}: ${errno}`, { errno });
  }
}

function openFiles(): string[] {
  try {
    return readdirSync(OPEN_FILES);
  } catch (cause) {
    throw new UdpError('ERR_UDP_FILTER', `cannot look at open sockets: ${OPEN_FILES} cannot be read`, { cause });
  }
}

/** What a descriptor stands for, such as `socket:[4711]`; undefined if it is closed. */
function targetOf(fd: number): string | undefined {
  try {
    return readlinkSync(`${OPEN_FILES}/${fd}`);
  } catch {
    return undefined;
  }
}
