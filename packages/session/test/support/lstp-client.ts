import { FecEncoder } from '@lightspeed/fec';
import { FLAG_HANDSHAKE, FecHeader, TunnelHeader, isDropReason, parseEndpoint } from '@lightspeed/wire';
import type { Dialect, Endpoint } from '@lightspeed/wire';
import type { RelayHost } from './relay-host.ts';

export const SERVER: Endpoint = endpoint('198.51.100.7:7777');
export const OTHER_SERVER: Endpoint = endpoint('198.51.100.8:7778');
export const PROGRAM: Endpoint = endpoint('192.168.1.100:12345');

/** Parses `a.b.c.d:port`. */
export function endpoint(text: string): Endpoint {
  const parsed = parseEndpoint(text);
  if (parsed === undefined) throw new Error(`not an endpoint: ${text}`);
  return parsed;
}

/** What came back to a client, decoded. */
export interface Answer {
  readonly header: TunnelHeader;
  readonly payload: Uint8Array;
}

/** A client made by hand, packet by packet, against a RelayHost: what another implementation of the protocol might send. */
export class LstpClient {
  readonly host: RelayHost;
  readonly address: Endpoint;
  readonly dialect: Dialect;
  /** The node's address that it speaks to. */
  local: number;
  token = 0;
  sequence = 0;

  constructor(host: RelayHost, address: string | Endpoint = '203.0.113.5:40000', dialect: Dialect = 'standard', local = 0) {
    this.host = host;
    this.address = typeof address === 'string' ? endpoint(address) : address;
    this.dialect = dialect;
    this.local = local;
  }

  /** Opens a session, takes the token that the acknowledgement carries, and answers its challenge. */
  open(): this {
    const sequence = this.sequence++;
    this.token = this.#handshake(sequence, new Uint8Array(8)).header.token;
    return this;
  }

  /** The same without a challenge, as a client that knows of none. */
  openPlainly(): this {
    this.token = this.#handshake(this.sequence++, new Uint8Array(0)).header.token;
    return this;
  }

  #handshake(sequence: number, challenge: Uint8Array): Answer {
    this.send(TunnelHeader.handshake(sequence, 1), challenge);
    const [answer] = this.answers();
    if (answer === undefined || answer.header.flags !== FLAG_HANDSHAKE) throw new Error('the handshake was not acknowledged');
    return answer.payload.some((byte) => byte !== 0) ? this.#handshake(sequence, answer.payload) : answer;
  }

  /** Sends a header as it is, with the session's token. */
  send(header: TunnelHeader, payload: Uint8Array = new Uint8Array(0)): void {
    this.raw(header.withSessionToken(this.token).encodeWithPayload(payload, this.dialect));
  }

  raw(bytes: Uint8Array): void {
    this.host.fromClient(bytes, this.address.ip, this.address.port, this.local);
  }

  data(payload: Uint8Array | string, server: Endpoint = SERVER, program: Endpoint = PROGRAM, sequence = this.sequence++): void {
    this.send(TunnelHeader.data(sequence, 1, program, server), bytesOf(payload));
  }

  fecData(group: number, index: number, size: number, payload: Uint8Array | string, sequence = this.sequence++): void {
    this.send(TunnelHeader.data(sequence, 1, PROGRAM, SERVER, FecHeader.data(group, index, size)), bytesOf(payload));
  }

  fecParity(group: number, members: readonly (Uint8Array | string)[], addressed = true): void {
    const encoder = new FecEncoder(members.length, { firstGroupId: group });
    let parity: Uint8Array | undefined;
    for (const member of members) parity = encoder.addPacket(bytesOf(member));
    if (parity === undefined) throw new Error('the group is not full');
    const nowhere = { ip: 0, port: 0 };
    const header = TunnelHeader.data(
      this.sequence++,
      1,
      addressed ? PROGRAM : nowhere,
      addressed ? SERVER : nowhere,
      FecHeader.parity(group, members.length),
    );
    this.send(header, parity);
  }

  /** Decodes and takes what the relay has sent to this client. */
  answers(): Answer[] {
    const mine = this.host.toClients.filter(({ ip, port }) => (ip | 0) === (this.address.ip | 0) && port === this.address.port);
    this.host.toClients = this.host.toClients.filter((datagram) => !mine.includes(datagram));
    return mine.map(({ bytes }) => {
      const decoded = TunnelHeader.decodeWithPayload(bytes, this.dialect);
      if (isDropReason(decoded)) throw new Error(`the relay has sent an invalid packet: ${decoded}`);
      return decoded;
    });
  }
}

export function bytesOf(payload: Uint8Array | string): Uint8Array {
  return typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
}

export function textOf(payload: Uint8Array): string {
  return new TextDecoder().decode(payload);
}
