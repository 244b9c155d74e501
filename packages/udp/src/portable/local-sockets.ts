import type { Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { AddressBook, AddressHandle, Port } from '@lightspeed/wire';
import { isIpv6 } from '@lightspeed/wire';
import type { SocketOptions } from '../engine.ts';
import type { AddressText } from './address-text.ts';

const LOOPBACK_NET = 127;
const LINK_LOCAL = 0xfe80;

/** Another port is tried when the one that the system chose for the first address is taken on another. */
const MAX_PORT_TRIES = 16;

/** Opens a socket on a local address, or gives the errno name of what was refused. */
export type OpenLocal = (local: AddressHandle, port: Port) => Socket | string;

/**
 * One socket for each local address, on one port: node:dgram neither tells which address a datagram came to nor lets one
 * socket choose its source.
 */
export class LocalSockets {
  private readonly wanted: SocketOptions;
  private readonly book: AddressBook;
  private readonly text: AddressText;
  private readonly open: OpenLocal;
  /** By local address, in the order of the system's interfaces. */
  private readonly sockets = new Map<number, Socket>();
  private boundPort = 0;

  constructor(wanted: SocketOptions, book: AddressBook, text: AddressText, open: OpenLocal) {
    this.wanted = wanted;
    this.book = book;
    this.text = text;
    this.open = open;
  }

  /** Opens all for the first time. @returns '' or the errno name of the first refusal; addresses that vanish meanwhile are no refusal */
  start(): string {
    let refusal = 'EADDRNOTAVAIL';
    for (let tries = this.wanted.port === 0 ? MAX_PORT_TRIES : 1; tries > 0; tries--) {
      this.boundPort = this.wanted.port;
      const refused = this.openMissing().find((errno) => errno !== 'EADDRNOTAVAIL');
      if (refused === undefined && this.sockets.size > 0) return '';
      this.close();
      refusal = refused ?? refusal;
      if (refused !== 'EADDRINUSE') break;
    }
    return refusal;
  }

  /** Opens sockets on addresses that are new, and closes those of addresses that are gone. */
  follow(): void {
    const there = new Set(this.addresses());
    for (const local of [...this.sockets.keys()]) {
      if (!there.has(local)) this.closeOne(local);
    }
    this.openMissing();
  }

  /** The socket that sends from `local`, or, if that is 0, one that may reach `ip`; undefined if there is none. */
  toSendFrom(local: AddressHandle, ip: AddressHandle): Socket | undefined {
    if (local !== 0) return this.sockets.get(local);
    let best: Socket | undefined;
    for (const [candidate, socket] of this.sockets) {
      if (isIpv6(candidate) !== isIpv6(ip)) continue;
      if (this.kindOf(candidate) === this.kindOf(ip) && this.book.scope(candidate) === this.book.scope(ip)) return socket;
      best ??= socket;
    }
    return best;
  }

  /** Any of them: their buffers are alike. */
  first(): Socket | undefined {
    return this.sockets.values().next().value;
  }

  close(): void {
    for (const local of [...this.sockets.keys()]) this.closeOne(local);
  }

  /** Closes the socket of one local address; {@link follow} opens it again if the address is still there. */
  closeOne(local: AddressHandle): void {
    const socket = this.sockets.get(local);
    if (socket === undefined) return;
    socket.close();
    this.sockets.delete(local);
    this.book.release(local);
  }

  /** @returns errno names of what was refused */
  private openMissing(): string[] {
    const refusals: string[] = [];
    for (const local of this.addresses()) {
      if (this.sockets.has(local)) continue;
      const socket = this.open(local, this.boundPort);
      if (typeof socket === 'string') {
        refusals.push(socket);
        continue;
      }
      this.book.retain(local);
      this.sockets.set(local, socket);
      this.boundPort = socket.address().port;
    }
    return refusals;
  }

  /** Local addresses of the families that are wanted. */
  private addresses(): number[] {
    const wantsIpv6 = isIpv6(this.wanted.ip);
    const wantsIpv4 = !wantsIpv6 || this.wanted.dualStack === true;
    const handles: number[] = [];
    for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
      for (const { address, family } of addresses) {
        const handle = this.text.parse(address.startsWith('fe80:') ? `${address}%${name}` : address);
        if (family === 'IPv6' ? wantsIpv6 : wantsIpv4) handles.push(handle);
      }
    }
    return handles;
  }

  /** What only reaches its like: the machine itself, or a link. */
  private kindOf(handle: AddressHandle): 'loopback' | 'link' | 'global' {
    if (!isIpv6(handle)) return handle >>> 24 === LOOPBACK_NET ? 'loopback' : 'global';
    const [word0, word1, word2, word3] = [0, 1, 2, 3].map((part) => this.book.word(handle, part));
    if (word0 === 0 && word1 === 0 && word2 === 0 && word3 === 1) return 'loopback';
    return word0 >>> 16 === LINK_LOCAL ? 'link' : 'global';
  }
}
