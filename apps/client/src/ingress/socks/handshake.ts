import { equalBytes } from './equal-bytes.ts';

/*
 * What a client says on its TCP connection before it may send datagrams (RFC 1928, sections 3, 4 and 6; RFC 1929). No
 * socket and no clock.
 */

const VERSION = 5;
const USER_VERSION = 1;
const METHOD_NONE = 0;
const METHOD_USER = 2;
const METHOD_REFUSED = 0xff;
const COMMAND_UDP_ASSOCIATE = 3;
const ADDRESS_IPV4 = 1;
const ADDRESS_NAME = 3;
const ADDRESS_IPV6 = 4;
/** Bytes of a request around its address: version, command, reserved, kind of address; port. */
const REQUEST_HEAD_BYTES = 4;
const PORT_BYTES = 2;
/** Longer than anything that a client may say at once: a name, a password and what is around them. */
const MAX_MESSAGE_BYTES = 513;

/** Reply codes (RFC 1928, section 6). */
export const SocksReply = {
  succeeded: 0,
  failure: 1,
  commandNotSupported: 7,
  addressNotSupported: 8,
} as const;

/** What is to be done after some bytes were fed. */
export type SocksStep =
  /** Nothing: more is to come. */
  | { readonly type: 'more' }
  /** To be sent to the client; the handshake goes on. */
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  /** To be sent to the client; then the connection ends. */
  | { readonly type: 'refuse'; readonly bytes: Uint8Array; readonly why: string }
  /** The client asks for an association. `port` is that from which it says that it sends, 0 if it does not say. */
  | { readonly type: 'associate'; readonly port: number };

/** Whom a server lets in. */
export interface SocksCredentials {
  readonly name: string;
  readonly password: string;
}

/** The server's side of one client's handshake. Bytes may come in pieces of any size. */
export class SocksHandshake {
  readonly #credentials: SocksCredentials | undefined;
  #state: 'methods' | 'user' | 'request' | 'over' = 'methods';
  readonly #pending = new Uint8Array(MAX_MESSAGE_BYTES);
  #length = 0;

  /** @param credentials what clients have to know; undefined asks for nothing. */
  constructor(credentials: SocksCredentials | undefined) {
    this.#credentials = credentials;
  }

  /** Takes bytes from the client. @returns the steps to take, in their order. Bytes behind the request are ignored. */
  feed(bytes: Uint8Array): SocksStep[] {
    const steps: SocksStep[] = [];
    for (const byte of bytes) {
      if (this.#state === 'over') break;
      this.#pending[this.#length++] = byte;
      const step = this.#step();
      if (step.type !== 'more') {
        this.#length = 0;
        steps.push(step);
      }
    }
    return steps;
  }

  #step(): SocksStep {
    if (this.#state === 'methods') return this.#methods();
    if (this.#state === 'user') return this.#user();
    return this.#request();
  }

  #methods(): SocksStep {
    const [version, count] = this.#pending;
    if (version !== VERSION) return this.#refuse(Uint8Array.of(), 'it does not speak SOCKS5');
    if (this.#length < 2 || this.#length < 2 + count) return { type: 'more' };
    const wanted = this.#credentials === undefined ? METHOD_NONE : METHOD_USER;
    if (!this.#pending.subarray(2, 2 + count).includes(wanted)) {
      const why =
        wanted === METHOD_USER ? 'it gives no user and password' : 'it wants to give a password or more, and nothing is asked for';
      return this.#refuse(Uint8Array.of(VERSION, METHOD_REFUSED), why);
    }
    this.#state = wanted === METHOD_USER ? 'user' : 'request';
    return { type: 'send', bytes: Uint8Array.of(VERSION, wanted) };
  }

  #user(): SocksStep {
    const pending = this.#pending;
    if (pending[0] !== USER_VERSION) return this.#refuse(Uint8Array.of(USER_VERSION, 1), 'it gives no user and password');
    if (this.#length < 2) return { type: 'more' };
    const passwordAt = 2 + pending[1] + 1;
    if (this.#length < passwordAt || this.#length < passwordAt + pending[passwordAt - 1]) return { type: 'more' };
    const { name = '', password = '' } = this.#credentials ?? {};
    const nameFits = equalBytes(pending.subarray(2, passwordAt - 1), Buffer.from(name));
    const passwordFits = equalBytes(pending.subarray(passwordAt, this.#length), Buffer.from(password));
    if (!nameFits || !passwordFits) return this.#refuse(Uint8Array.of(USER_VERSION, 1), 'its user or password is wrong');
    this.#state = 'request';
    return { type: 'send', bytes: Uint8Array.of(USER_VERSION, 0) };
  }

  #request(): SocksStep {
    const [version, command, , kind, nameBytes] = this.#pending;
    if (version !== VERSION) return this.#refuse(socksReply(SocksReply.failure), 'it does not speak SOCKS5');
    if (this.#length < REQUEST_HEAD_BYTES) return { type: 'more' };
    const addressBytes = { [ADDRESS_IPV4]: 4, [ADDRESS_NAME]: 1 + nameBytes, [ADDRESS_IPV6]: 16 }[kind];
    if (addressBytes === undefined) return this.#refuse(socksReply(SocksReply.addressNotSupported), `it names an address of kind ${kind}`);
    if (this.#length <= REQUEST_HEAD_BYTES || this.#length < REQUEST_HEAD_BYTES + addressBytes + PORT_BYTES) return { type: 'more' };
    if (command !== COMMAND_UDP_ASSOCIATE) {
      const why = 'it wants TCP to be carried; only UDP ASSOCIATE is there';
      return this.#refuse(socksReply(SocksReply.commandNotSupported), why);
    }
    this.#state = 'over';
    return { type: 'associate', port: (this.#pending[this.#length - 2] << 8) | this.#pending[this.#length - 1] };
  }

  #refuse(bytes: Uint8Array, why: string): SocksStep {
    this.#state = 'over';
    return { type: 'refuse', bytes, why };
  }
}

/** A reply with the IPv4 address and port at which datagrams are taken, or with zeros. */
export function socksReply(code: number, ip = 0, port = 0): Uint8Array {
  const reply = new Uint8Array(10);
  reply.set([VERSION, code, 0, ADDRESS_IPV4]);
  const view = new DataView(reply.buffer);
  view.setUint32(REQUEST_HEAD_BYTES, ip);
  view.setUint16(REQUEST_HEAD_BYTES + 4, port);
  return reply;
}
