import { constants, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { LabError } from '../../src/errors.ts';

/** From linux/if_tun.h. */
const TUNSETIFF = 0x4004_54ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
/** The name, and behind it the flags. */
const NAME_BYTES = 16;
const IFREQ_BYTES = 40;
const MOST_BYTES = 2_048;

type Transfer = (fd: number, bytes: Uint8Array, length: number) => number;
type Control = (fd: number, request: number, what: Uint8Array) => number;

/** A TUN device of the kernel's, from which IP packets are read without waiting. */
export class Tun {
  readonly #fd: number;
  readonly #read: Transfer;
  readonly #bytes = new Uint8Array(MOST_BYTES);

  /**
   * Makes a device in the network namespace of this process; it is gone when the process ends.
   * @throws {LabError} `ERR_LAB_PROCESS` if the kernel refuses it, or an error of the file system without `/dev/net/tun`
   */
  constructor(name: string) {
    const c = (createRequire(import.meta.url)('koffi') as typeof Koffi).load(null);
    this.#read = c.func('long read(int fd, void *bytes, size_t length)') as Transfer;
    const ioctl = c.func('int ioctl(int fd, unsigned long request, void *what)') as Control;
    this.#fd = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
    const request = Buffer.alloc(IFREQ_BYTES);
    request.write(name);
    request.writeUInt16LE(IFF_TUN | IFF_NO_PI, NAME_BYTES);
    if (ioctl(this.#fd, TUNSETIFF, request) !== 0) throw new LabError('ERR_LAB_PROCESS', `the kernel makes no TUN device ${name}`);
  }

  /** The next packet that the kernel sends by the device; undefined if there is none now. */
  read(): Uint8Array | undefined {
    const length = this.#read(this.#fd, this.#bytes, MOST_BYTES);
    return length > 0 ? this.#bytes.slice(0, length) : undefined;
  }

  /** Has the kernel receive a packet by the device. */
  write(packet: Uint8Array): void {
    writeSync(this.#fd, packet);
  }
}
