import { NativeMemory, libc } from './libc.ts';

/*
 * Messages with descriptors over a Unix stream socket: struct msghdr and cmsghdr of 64-bit Linux (recvmsg(2), unix(7)).
 */

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const MSG_CTRUNC = 0x8;

const IOV_AT = 64;
const CONTROL_AT = 96;
const CMSG_HEADER_BYTES = 16;
const MAX_FDS = 4;
const CONTROL_BYTES = CMSG_HEADER_BYTES + 4 * MAX_FDS;
const HEADER_BYTES = CONTROL_AT + CONTROL_BYTES;

/** Bytes that came, and the descriptors that came with them: whoever gets them closes them. */
export interface FdMessage {
  readonly bytes: Uint8Array;
  readonly fds: readonly number[];
}

/** Takes messages off a socket, one at a time. */
export class FdReceiver {
  readonly #fd: number;
  readonly #header = new NativeMemory(HEADER_BYTES);
  readonly #data: NativeMemory;

  constructor(fd: number, maxBytes: number) {
    this.#fd = fd;
    this.#data = new NativeMemory(maxBytes);
  }

  /** Waits for the next bytes. @returns undefined at the end, or after an error. */
  async next(): Promise<FdMessage | undefined> {
    const { view } = this.#header;
    layOut(this.#header, this.#data.address, this.#data.bytes.length, CONTROL_BYTES);
    const length = await libc().recvmsg(this.#fd, this.#header.address, MSG_CMSG_CLOEXEC);
    if (length <= 0) return undefined;
    const fds: number[] = [];
    const hasRights = Number(view.getBigUint64(40, true)) >= CMSG_HEADER_BYTES && view.getInt32(CONTROL_AT + 12, true) === SCM_RIGHTS;
    if (hasRights) {
      const bytes = Number(view.getBigUint64(CONTROL_AT, true)) - CMSG_HEADER_BYTES;
      for (let at = 0; at < bytes; at += 4) fds.push(view.getInt32(CONTROL_AT + CMSG_HEADER_BYTES + at, true));
    }
    if ((view.getInt32(48, true) & MSG_CTRUNC) !== 0) throw new Error('descriptors were lost on the way');
    return { bytes: this.#data.bytes.slice(0, length), fds };
  }
}

/** Sends bytes, with a descriptor if there is one. @returns whether all of it went out. */
export function sendWithFd(socketFd: number, text: string, fd?: number): boolean {
  const bytes = new TextEncoder().encode(text);
  const data = new NativeMemory(bytes.length);
  data.bytes.set(bytes);
  const header = new NativeMemory(HEADER_BYTES);
  layOut(header, data.address, bytes.length, fd === undefined ? 0 : CMSG_HEADER_BYTES + 8);
  if (fd !== undefined) {
    header.view.setBigUint64(CONTROL_AT, BigInt(CMSG_HEADER_BYTES + 4), true);
    header.view.setInt32(CONTROL_AT + 8, SOL_SOCKET, true);
    header.view.setInt32(CONTROL_AT + 12, SCM_RIGHTS, true);
    header.view.setInt32(CONTROL_AT + CMSG_HEADER_BYTES, fd, true);
  }
  return Number(libc().sendmsg(socketFd, header.address, MSG_NOSIGNAL)) === bytes.length;
}

function layOut({ bytes, view, address }: NativeMemory, data: bigint, length: number, controlBytes: number): void {
  bytes.fill(0);
  view.setBigUint64(IOV_AT, data, true);
  view.setBigUint64(IOV_AT + 8, BigInt(length), true);
  view.setBigUint64(16, address + BigInt(IOV_AT), true);
  view.setBigUint64(24, 1n, true);
  if (controlBytes > 0) view.setBigUint64(32, address + BigInt(CONTROL_AT), true);
  view.setBigUint64(40, BigInt(controlBytes), true);
}
