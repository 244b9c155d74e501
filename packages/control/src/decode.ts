import type { Dialect } from '@lightspeed/wire';
import { BodyReader } from './body-reader.ts';
import { disconnectReason } from './disconnect-reason.ts';
import { readExtensions } from './extension.ts';
import type { Extension } from './extension.ts';
import { LENGTH_BYTES, MAX_MESSAGE_BYTES } from './frame-size.ts';
import { MessageType } from './message.ts';
import type { ControlMessage, Probe, ProbeResult, Register, Report, ServerInfo, UnknownMessage } from './message.ts';
import { refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** How to read messages; `detect` is for a node that has not had a Register yet, and reads like `standard`. */
export type DecodingDialect = Dialect | 'detect';

// A standard Register cannot be this short: its client version is never empty.
const REFERENCE_REGISTER_BYTES = 2;

/**
 * Reads one whole frame, `[length u16][type u8][body]` (docs/protocol.md, Control plane). Total: any bytes give a message,
 * an unknown message or a refusal. The result shares no memory with `frame`.
 *
 * A Register is read by its length alone, whatever `dialect` says: it is what settles the dialect. In dialect
 * `reference`, bytes after the fixed fields are ignored; in `standard` they are extensions.
 */
export function decode(frame: Uint8Array, dialect: DecodingDialect): ControlMessage | UnknownMessage | Refusal {
  if (frame.length < LENGTH_BYTES) return refuse('frame_incomplete');
  const length = readLength(frame, 0);
  if (typeof length !== 'number') return length;
  if (frame.length < LENGTH_BYTES + length) return refuse('frame_incomplete');
  if (frame.length > LENGTH_BYTES + length) return refuse('frame_trailing_bytes');
  return decodeMessage(frame, LENGTH_BYTES, frame.length, dialect);
}

/** The length prefix at `at`, whose two bytes are there, if it is one that a message may have. */
export function readLength(bytes: Uint8Array, at: number): number | Refusal {
  const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if (length === 0) return refuse('length_zero');
  if (length > MAX_MESSAGE_BYTES) return refuse('length_too_large');
  return length;
}

/** Reads type and body in `bytes[start, end)`, at least one byte. */
export function decodeMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  dialect: DecodingDialect,
): ControlMessage | UnknownMessage | Refusal {
  const body = new BodyReader(bytes, start, end);
  const message = readMessage(body.u8(), body, dialect === 'detect' ? 'standard' : dialect);
  return body.refusal === undefined ? message : refuse(body.refusal);
}

// Object literals evaluate in the order in which they are written, which is the order of the wire.
function readMessage(typeCode: number, body: BodyReader, dialect: Dialect): ControlMessage | UnknownMessage {
  switch (typeCode) {
    case MessageType.ping:
      return { type: 'ping', timestampUs: body.u64(), extensions: readTail(body, dialect) };
    case MessageType.pong:
      return {
        type: 'pong',
        echoedTimestampUs: body.u64(),
        serverTimestampUs: body.u64(),
        extensions: readTail(body, dialect),
      };
    case MessageType.register:
      return readRegister(body);
    case MessageType.registerAck:
      return {
        type: 'register_ack',
        sessionId: body.u32(),
        token: body.u8(),
        nodeId: body.str8(),
        region: body.str8(),
        extensions: readTail(body, dialect),
      };
    case MessageType.disconnect:
      return { type: 'disconnect', reason: disconnectReason(body.u8(), dialect), extensions: readTail(body, dialect) };
    case MessageType.serverInfo:
      return readServerInfo(body, dialect);
    case MessageType.tags:
      if (dialect === 'standard') return { type: 'tags', sessionId: body.u32(), extensions: readExtensions(body) };
      return readUnknown(typeCode, body);
    case MessageType.report:
      return dialect === 'standard' ? readReport(body) : readUnknown(typeCode, body);
    case MessageType.probe:
      return dialect === 'standard' ? readProbe(body) : readUnknown(typeCode, body);
    case MessageType.probeResult:
      return dialect === 'standard' ? readProbeResult(body) : readUnknown(typeCode, body);
    default:
      return readUnknown(typeCode, body);
  }
}

function readReport(body: BodyReader): Report {
  return {
    type: 'report',
    sessionId: body.u32(),
    expected: body.u32(),
    received: body.u32(),
    late: body.u32(),
    recovered: body.u32(),
    extensions: readExtensions(body),
  };
}

function readProbe(body: BodyReader): Probe {
  return {
    type: 'probe',
    requestId: body.u32(),
    ip: body.u32(),
    port: body.u16(),
    kind: body.u8(),
    count: body.u8(),
    spacingMs: body.u16(),
    maxAgeSecs: body.u16(),
    extensions: readExtensions(body),
  };
}

function readProbeResult(body: BodyReader): ProbeResult {
  return {
    type: 'probe_result',
    requestId: body.u32(),
    refusal: body.u8(),
    ageSecs: body.u16(),
    origin: body.u32(),
    samplesUs: Array.from({ length: body.u8() }, () => body.u32()),
    extensions: readExtensions(body),
  };
}

function readUnknown(typeCode: number, body: BodyReader): UnknownMessage {
  return { type: 'unknown', typeCode, body: body.bytes(body.remaining, 'body_too_short') };
}

function readRegister(body: BodyReader): Register {
  if (body.remaining === REFERENCE_REGISTER_BYTES) {
    return { type: 'register', dialect: 'reference', protocolVersion: body.u8(), gameId: body.u8() };
  }
  const gameId = body.u8();
  const clientVersion = body.str8();
  if (clientVersion === '') body.refusal ??= 'version_empty';
  return { type: 'register', dialect: 'standard', gameId, clientVersion, extensions: readExtensions(body) };
}

function readServerInfo(body: BodyReader, dialect: Dialect): ServerInfo {
  if (dialect === 'reference') {
    return { type: 'server_info', dialect, loadPercent: body.u8(), activeSessions: body.u32(), capacity: body.u32() };
  }
  return {
    type: 'server_info',
    dialect,
    nodeId: body.str8(),
    region: body.str8(),
    loadPercent: body.u8(),
    version: body.str8(),
    extensions: readExtensions(body),
  };
}

function readTail(body: BodyReader, dialect: Dialect): readonly Extension[] {
  return dialect === 'standard' ? readExtensions(body) : [];
}
