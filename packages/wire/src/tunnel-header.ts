import {
  FLAG_FIN,
  FLAG_FRAGMENT,
  FLAG_HANDSHAKE,
  FLAG_KEEPALIVE,
  HEADER_BYTES,
  TAG_BYTES,
  VERSION_FEC,
  VERSION_PLAIN,
  VERSION_TAGGED_FEC,
  VERSION_TAGGED_PLAIN,
} from './constants.ts';
import { fecExtensionBytes } from './dialect.ts';
import type { Dialect } from './dialect.ts';
import { isDropReason } from './drop-reason.ts';
import type { DropReason } from './drop-reason.ts';
import { FecHeader } from './fec-header.ts';
import type { Endpoint } from './ipv4.ts';
import { checkTaggedPacket, hasTag } from './packet-tags.ts';
import {
  checkPacket,
  readDestinationIp,
  readDestinationPort,
  readFlags,
  readSequence,
  readSourceIp,
  readSourcePort,
  readTimestampUs,
  readToken,
  readVersion,
  writeHeader,
} from './packet.ts';
import type { ArenaOffset, Microseconds, SequenceNumber, SessionToken } from './roles.ts';
import { WireError, requireInteger } from './wire-error.ts';

/** All fields of a header. 32-bit numbers are unsigned. */
export interface TunnelHeaderFields {
  /** Bits FLAG_KEEPALIVE, FLAG_HANDSHAKE, FLAG_FIN, FLAG_FRAGMENT; none for data. */
  readonly flags: number;
  /** The session's token, 0 while there is none. */
  readonly token: SessionToken;
  /** 0 to 65,535. */
  readonly sequence: SequenceNumber;
  /** The sender's clock in microseconds, modulo 2^32. */
  readonly timestampUs: Microseconds;
  /** Original source. */
  readonly source: Endpoint;
  /** Original destination. */
  readonly destination: Endpoint;
  /** Makes the packet version 2. */
  readonly fec?: FecHeader | undefined;
  /** Makes the packet version 3, or with `fec` version 4: four bytes as a number, made or checked by nobody here. */
  readonly tag?: number | undefined;
}

/** What {@link TunnelHeader.decodeWithPayload} gives. */
export interface DecodedPacket {
  readonly header: TunnelHeader;
  /** A view into the decoded bytes, not a copy. */
  readonly payload: Uint8Array;
}

const NOWHERE: Endpoint = { ip: 0, port: 0 };

/**
 * A packet's header as an immutable object (docs/protocol.md, Header): 20 bytes, with the FEC extension 26 (`standard`)
 * or 24 (`reference`), with a tag 4 more. For tools, tests and games; a relay works in place with the functions of `packet.ts`.
 */
export class TunnelHeader implements TunnelHeaderFields {
  readonly flags: number;
  readonly token: SessionToken;
  readonly sequence: SequenceNumber;
  readonly timestampUs: Microseconds;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly fec: FecHeader | undefined;
  readonly tag: number | undefined;

  /** @throws {WireError} `ERR_WIRE_FIELD_RANGE` if a number does not fit its field. */
  constructor(fields: TunnelHeaderFields) {
    requireInteger('flags', fields.flags, 0, 0x0f);
    requireInteger('token', fields.token, 0, 0xff);
    requireInteger('sequence', fields.sequence, 0, 0xffff);
    requireInteger('timestampUs', fields.timestampUs, 0, 0xffff_ffff);
    requireInteger('source.ip', fields.source.ip, 0, 0xffff_ffff);
    requireInteger('source.port', fields.source.port, 0, 0xffff);
    requireInteger('destination.ip', fields.destination.ip, 0, 0xffff_ffff);
    requireInteger('destination.port', fields.destination.port, 0, 0xffff);
    if (fields.tag !== undefined) requireInteger('tag', fields.tag, 0, 0xffff_ffff);
    this.flags = fields.flags;
    this.token = fields.token;
    this.sequence = fields.sequence;
    this.timestampUs = fields.timestampUs;
    this.source = fields.source;
    this.destination = fields.destination;
    this.fec = fields.fec;
    this.tag = fields.tag;
  }

  /** A data packet's header; with `fec` a version 2 one. */
  static data(sequence: SequenceNumber, timestampUs: Microseconds, source: Endpoint, destination: Endpoint, fec?: FecHeader): TunnelHeader {
    return new TunnelHeader({ flags: 0, token: 0, sequence, timestampUs, source, destination, fec });
  }

  /** A keepalive probe's header: no addresses, no payload. */
  static keepalive(sequence: SequenceNumber, timestampUs: Microseconds): TunnelHeader {
    return TunnelHeader.#control(FLAG_KEEPALIVE, sequence, timestampUs);
  }

  /** The header of the packet that opens a session. */
  static handshake(sequence: SequenceNumber, timestampUs: Microseconds): TunnelHeader {
    return TunnelHeader.#control(FLAG_HANDSHAKE, sequence, timestampUs);
  }

  /** The header of the packet that closes a session. */
  static fin(sequence: SequenceNumber, timestampUs: Microseconds): TunnelHeader {
    return TunnelHeader.#control(FLAG_FIN, sequence, timestampUs);
  }

  static #control(flags: number, sequence: SequenceNumber, timestampUs: Microseconds): TunnelHeader {
    return new TunnelHeader({ flags, token: 0, sequence, timestampUs, source: NOWHERE, destination: NOWHERE });
  }

  /**
   * Parses a header at the start of `bytes`. Total: any bytes give a header or a reason (docs/protocol.md, Validity).
   * A packet with the reserved FRAGMENT flag decodes, so that tools can show it; receivers drop it. A tag is read, not
   * checked.
   */
  static decode(bytes: Uint8Array, dialect: Dialect = 'standard'): TunnelHeader | DropReason {
    const isTagged = dialect === 'standard' && hasTag(bytes, 0, bytes.length);
    const refusal = isTagged ? checkTaggedPacket(bytes, 0, bytes.length) : checkPacket(bytes, 0, bytes.length, dialect);
    if (refusal !== 0) return refusal;
    let fec: FecHeader | undefined;
    if (readVersion(bytes, 0) === (isTagged ? VERSION_TAGGED_FEC : VERSION_FEC)) {
      const extension = FecHeader.decode(bytes.subarray(HEADER_BYTES), dialect);
      if (isDropReason(extension)) return extension;
      fec = extension;
    }
    const headerBytes = HEADER_BYTES + (fec === undefined ? 0 : fecExtensionBytes(dialect));
    return new TunnelHeader({
      flags: readFlags(bytes, 0),
      token: readToken(bytes, 0),
      sequence: readSequence(bytes, 0),
      timestampUs: readTimestampUs(bytes, 0) >>> 0,
      source: { ip: readSourceIp(bytes, 0) >>> 0, port: readSourcePort(bytes, 0) },
      destination: { ip: readDestinationIp(bytes, 0) >>> 0, port: readDestinationPort(bytes, 0) },
      fec,
      tag: isTagged ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(headerBytes) : undefined,
    });
  }

  /** Like {@link decode}, with the payload as a view into `bytes`. */
  static decodeWithPayload(bytes: Uint8Array, dialect: Dialect = 'standard'): DecodedPacket | DropReason {
    const header = TunnelHeader.decode(bytes, dialect);
    if (isDropReason(header)) return header;
    return { header, payload: bytes.subarray(header.byteLength(dialect)) };
  }

  /** 1, or 2 with an FEC extension; 3 and 4 are the same with a tag. */
  get version(): number {
    if (this.tag !== undefined) return this.fec === undefined ? VERSION_TAGGED_PLAIN : VERSION_TAGGED_FEC;
    return this.fec === undefined ? VERSION_PLAIN : VERSION_FEC;
  }

  /**
   * What the packet is. Flags may be combined; FIN goes before HANDSHAKE, that before KEEPALIVE
   * (docs/protocol.md, Flags).
   */
  get kind(): 'data' | 'parity' | 'keepalive' | 'handshake' | 'fin' | 'fragment' {
    if (this.flags & FLAG_FRAGMENT) return 'fragment';
    if (this.flags & FLAG_FIN) return 'fin';
    if (this.flags & FLAG_HANDSHAKE) return 'handshake';
    if (this.flags & FLAG_KEEPALIVE) return 'keepalive';
    return this.fec?.parity === true ? 'parity' : 'data';
  }

  /** Bytes of the header, its extension and its tag included. */
  byteLength(dialect: Dialect = 'standard'): number {
    return HEADER_BYTES + (this.fec === undefined ? 0 : fecExtensionBytes(dialect)) + (this.tag === undefined ? 0 : TAG_BYTES);
  }

  /** The same header with another token, and without a tag, because it would be wrong. */
  withSessionToken(token: SessionToken): TunnelHeader {
    return new TunnelHeader({ ...this.#fields(), token });
  }

  /**
   * The header of the answer to this packet: same flags, token and sequence, source and destination swapped, no tag, stamped
   * with `timestampUs`. Leave that out for the echo of a keepalive. An echo carries the probe's own timestamp, and so
   * measures the round trip (docs/protocol.md, Keepalive).
   */
  makeResponse(timestampUs: Microseconds = this.timestampUs): TunnelHeader {
    return new TunnelHeader({
      ...this.#fields(),
      timestampUs,
      source: this.destination,
      destination: this.source,
      fec: undefined,
    });
  }

  /** The fixed 20 bytes, without the extension, as a new array. */
  encodeToArray(): Uint8Array {
    const bytes = new Uint8Array(HEADER_BYTES);
    this.#write(bytes, 0);
    return bytes;
  }

  /**
   * The whole header as a new array: 20 bytes, or with the extension 26 (`standard`) or 24 (`reference`), with a tag 4 more.
   * @throws {WireError} `ERR_WIRE_FIELD_RANGE` if it has a tag and `dialect` is `reference`, which has none.
   */
  encode(dialect: Dialect = 'standard'): Uint8Array {
    return this.encodeWithPayload(EMPTY, dialect);
  }

  /** Header and a copy of `payload` in one new array. */
  encodeWithPayload(payload: Uint8Array, dialect: Dialect = 'standard'): Uint8Array {
    const headerBytes = this.byteLength(dialect);
    const bytes = new Uint8Array(headerBytes + payload.length);
    this.encodeInto(bytes, 0, dialect);
    bytes.set(payload, headerBytes);
    return bytes;
  }

  /**
   * Writes the whole header to `bytes` at `offset`.
   * @returns the bytes written.
   */
  encodeInto(bytes: Uint8Array, offset: ArenaOffset, dialect: Dialect = 'standard'): number {
    if (this.tag !== undefined && dialect === 'reference') {
      throw new WireError('ERR_WIRE_FIELD_RANGE', 'a header with a tag must be of dialect standard, got reference; leave the tag out');
    }
    this.#write(bytes, offset);
    const headerBytes = HEADER_BYTES + (this.fec?.encodeInto(bytes, offset + HEADER_BYTES, dialect) ?? 0);
    if (this.tag === undefined) return headerBytes;
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(offset + headerBytes, this.tag);
    return headerBytes + TAG_BYTES;
  }

  #write(bytes: Uint8Array, offset: ArenaOffset): void {
    const { flags, token, sequence, timestampUs, source, destination } = this;
    writeHeader(bytes, offset, this.version, flags, token, sequence, timestampUs, source.ip, source.port, destination.ip, destination.port);
  }

  #fields(): TunnelHeaderFields {
    const { flags, token, sequence, timestampUs, source, destination, fec } = this;
    return { flags, token, sequence, timestampUs, source, destination, fec };
  }
}

const EMPTY = new Uint8Array(0);
