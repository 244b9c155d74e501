import type { Libc } from './libc.ts';

/*
 * What recvmsg writes, on a 64-bit little-endian machine:
 *
 *   struct msghdr, 56 bytes:   | name * | name bytes | iovec * | iovecs | control * | control bytes | flags |
 *   struct iovec, 16 bytes:    | bytes * | length |
 *   struct cmsghdr:            | length u64 | level i32 | type i32 | data, at the next multiple of 8 |
 */
const MSGHDR_BYTES = 56;
const IOVEC_AT = MSGHDR_BYTES;
const DATA_AT = IOVEC_AT + 16;
const DATA_BYTES = 1_536;
const CONTROL_AT = DATA_AT + DATA_BYTES;
const CONTROL_BYTES = 256;
const CMSG_HEADER_BYTES = 16;

const SOL_IP = 0;
const SOL_SOCKET = 1;
const IP_RECVERR = 11;
const SCM_TIMESTAMPNS = 35;

/** What the kernel knows of an ICMP error (struct sock_extended_err). */
export interface IcmpError {
  /** ICMP's own numbers. */
  readonly type: number;
  readonly code: number;
  /** Who sent it, an IPv4 address as text. */
  readonly offender: string;
}

/** A datagram or an ICMP error that came. */
export interface Arrival {
  /** A view, valid until the next arrival. */
  readonly bytes: Uint8Array;
  /** When the kernel got it, in microseconds of the wall clock; undefined if the kernel does not say. */
  readonly atUs: number | undefined;
  /** Of an error only. */
  readonly error: IcmpError | undefined;
}

/** Memory for one call of recvmsg, and how to read what it wrote. One for a thread suffices: each call fills it anew. */
export class Message {
  readonly address: bigint;
  readonly #bytes = new Uint8Array(new ArrayBuffer(CONTROL_AT + CONTROL_BYTES));
  readonly #view = new DataView(this.#bytes.buffer);

  constructor(libc: Libc) {
    this.address = libc.addressOf(this.#bytes);
  }

  /** Before each call: the kernel has overwritten the lengths. */
  prepare(): void {
    this.#bytes.fill(0, 0, DATA_AT);
    this.#bytes.fill(0, CONTROL_AT);
    this.#view.setBigUint64(16, this.address + BigInt(IOVEC_AT), true);
    this.#view.setBigUint64(24, 1n, true);
    this.#view.setBigUint64(32, this.address + BigInt(CONTROL_AT), true);
    this.#view.setBigUint64(40, BigInt(CONTROL_BYTES), true);
    this.#view.setBigUint64(IOVEC_AT, this.address + BigInt(DATA_AT), true);
    this.#view.setBigUint64(IOVEC_AT + 8, BigInt(DATA_BYTES), true);
  }

  /** Reads what a call has written. @param length as the call returned it. */
  read(length: number): Arrival {
    let atUs: number | undefined;
    let error: IcmpError | undefined;
    const end = CONTROL_AT + Math.min(Number(this.#view.getBigUint64(40, true)), CONTROL_BYTES);
    for (let at = CONTROL_AT; at + CMSG_HEADER_BYTES <= end;) {
      const bytes = Number(this.#view.getBigUint64(at, true));
      if (bytes < CMSG_HEADER_BYTES || at + bytes > end) break;
      const level = this.#view.getInt32(at + 8, true);
      const type = this.#view.getInt32(at + 12, true);
      const data = at + CMSG_HEADER_BYTES;
      if (level === SOL_SOCKET && type === SCM_TIMESTAMPNS) atUs = this.timeAt(data);
      if (level === SOL_IP && type === IP_RECVERR) error = this.#errorAt(data);
      at += (bytes + 7) & ~7;
    }
    return { bytes: this.#bytes.subarray(DATA_AT, DATA_AT + Math.min(length, DATA_BYTES)), atUs, error };
  }

  /** A struct timespec in microseconds. */
  timeAt(at: number): number {
    return Number(this.#view.getBigInt64(at, true)) * 1_000_000 + Number(this.#view.getBigInt64(at + 8, true)) / 1_000;
  }

  /** struct sock_extended_err, 16 bytes, and behind it a sockaddr_in of who sent the error. */
  #errorAt(at: number): IcmpError {
    const offender = this.#bytes.subarray(at + 20, at + 24).join('.');
    return { type: this.#bytes[at + 5], code: this.#bytes[at + 6], offender };
  }
}
