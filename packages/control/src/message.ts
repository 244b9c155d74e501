import type { DisconnectReason } from './disconnect-reason.ts';
import type { Extension } from './extension.ts';

/** The protocol version that a Register of dialect `reference` carries. */
export const REFERENCE_PROTOCOL_VERSION = 1;

/** The byte after the length prefix. Numbers from 0x40 up are this project's; whoever does not know one skips it. */
export const MessageType = {
  ping: 0x01,
  pong: 0x02,
  register: 0x03,
  registerAck: 0x04,
  disconnect: 0x05,
  serverInfo: 0x06,
  tags: 0x40,
  report: 0x41,
  probe: 0x42,
  probeResult: 0x43,
} as const;

/** Client to node: asks for a {@link Pong}. */
export interface Ping {
  readonly type: 'ping';
  /** The sender's clock, microseconds, u64. */
  readonly timestampUs: bigint;
  readonly extensions: readonly Extension[];
}

/** Node to client: answers a {@link Ping}. */
export interface Pong {
  readonly type: 'pong';
  /** The Ping's timestamp, u64. */
  readonly echoedTimestampUs: bigint;
  /** The node's own clock, microseconds, u64. */
  readonly serverTimestampUs: bigint;
  readonly extensions: readonly Extension[];
}

/** Client to node: asks for a session. Its form settles the dialect of the session. */
export type Register = StandardRegister | ReferenceRegister;

/** A client's request for a session, in dialect `standard`. */
export interface StandardRegister {
  readonly type: 'register';
  readonly dialect: 'standard';
  /** See {@link GAMES}; u8. */
  readonly gameId: number;
  /** Never empty; at most 255 bytes of UTF-8. */
  readonly clientVersion: string;
  readonly extensions: readonly Extension[];
}

/** A client's request for a session, in dialect `reference`. */
export interface ReferenceRegister {
  readonly type: 'register';
  readonly dialect: 'reference';
  /** u8; {@link REFERENCE_PROTOCOL_VERSION} is the only one known. */
  readonly protocolVersion: number;
  readonly gameId: number;
}

/** Node to client: the session that a Register asked for. */
export interface RegisterAck {
  readonly type: 'register_ack';
  /** u32. */
  readonly sessionId: number;
  /** What the session's packets carry in their token byte; u8. */
  readonly token: number;
  /** At most 255 bytes of UTF-8, as is the region. */
  readonly nodeId: string;
  readonly region: string;
  readonly extensions: readonly Extension[];
}

/** Either way: ends the session. */
export interface Disconnect {
  readonly type: 'disconnect';
  /** A number is a code that stands for nothing in the session's dialect; u8. */
  readonly reason: DisconnectReason | number;
  readonly extensions: readonly Extension[];
}

/** Node to client: what a client chooses nodes by. */
export type ServerInfo = StandardServerInfo | ReferenceServerInfo;

/** What a node says of itself, in dialect `standard`. */
export interface StandardServerInfo {
  readonly type: 'server_info';
  readonly dialect: 'standard';
  readonly nodeId: string;
  readonly region: string;
  /** u8, 0 to 100 from an honest node. */
  readonly loadPercent: number;
  readonly version: string;
  readonly extensions: readonly Extension[];
}

/** What a node says of itself, in dialect `reference`. */
export interface ReferenceServerInfo {
  readonly type: 'server_info';
  readonly dialect: 'reference';
  readonly loadPercent: number;
  /** u32. */
  readonly activeSessions: number;
  /** Sessions that the node has room for; u32. */
  readonly capacity: number;
}

/**
 * Either way, in dialect `standard` only (docs/protocol.md, Packet tags). From the node: it tags the packets of a session from
 * now on, and its client has to do the same. From the client: it has got eight packets of the session with a wrong token.
 */
export interface Tags {
  readonly type: 'tags';
  /** u32. */
  readonly sessionId: number;
  readonly extensions: readonly Extension[];
}

/**
 * Node to client, in dialect `standard` only (docs/protocol.md, Reports): how the packets of a session have fared on their way. It
 * counts since the node has opened the session, modulo 2^32. What the node has refused is in the extensions.
 */
export interface Report {
  readonly type: 'report';
  /** u32, as all that follow. */
  readonly sessionId: number;
  /** Sequence numbers that should have come. */
  readonly expected: number;
  /** Different ones that came. */
  readonly received: number;
  /** Those among them that came behind a later one. */
  readonly late: number;
  /** Payloads of lost packets that the node has recovered. */
  readonly recovered: number;
  readonly extensions: readonly Extension[];
}

/** Client to node, in dialect `standard` only (docs/protocol.md, Probes): asks the node to measure round trips to a game server. */
export interface Probe {
  readonly type: 'probe';
  /** What the result repeats; u32. */
  readonly requestId: number;
  /** The server: an IPv4 address, u32, and the port that the game uses, u16. */
  readonly ip: number;
  readonly port: number;
  /** See {@link PROBE_KIND_CODES}; u8. */
  readonly kind: number;
  /** Probes to send, 1 to 10; u8. */
  readonly count: number;
  /** Milliseconds between them; u16. */
  readonly spacingMs: number;
  /** Seconds that a result may be old which the node has of the server's network already; 0 asks for a new one. u16. */
  readonly maxAgeSecs: number;
  readonly extensions: readonly Extension[];
}

/** Node to client, in dialect `standard` only (docs/protocol.md, Probes): what came of a {@link Probe}. */
export interface ProbeResult {
  readonly type: 'probe_result';
  readonly requestId: number;
  /** 0, or why the node does not measure: see {@link PROBE_REFUSAL_CODES}; u8. */
  readonly refusal: number;
  /** Seconds since it was measured; u16. */
  readonly ageSecs: number;
  /** Who answered, an IPv4 address: the server, or a router before it. 0 if nobody did, or if the node does not tell; u32. */
  readonly origin: number;
  /** Round trips in microseconds, u32 each, {@link PROBE_LOST} for one that was lost; at most 255. */
  readonly samplesUs: readonly number[];
  readonly extensions: readonly Extension[];
}

/**
 * A control message (docs/protocol.md, Control plane). Extensions come in the order of the wire, unknown ids included; in
 * dialect `reference` there are none.
 */
export type ControlMessage = Ping | Pong | Register | RegisterAck | Disconnect | ServerInfo | Tags | Report | Probe | ProbeResult;

/** A message of a type that this version does not know. To be skipped: it is no error. */
export interface UnknownMessage {
  readonly type: 'unknown';
  readonly typeCode: number;
  /** A copy. */
  readonly body: Uint8Array;
}

/** A {@link ControlMessage} to be sent: its extensions may be left out. */
export type OutgoingMessage = WithoutNeedOfExtensions<ControlMessage>;

type WithoutNeedOfExtensions<M> = M extends { readonly extensions: readonly Extension[] }
  ? Omit<M, 'extensions'> & { readonly extensions?: readonly Extension[] | undefined }
  : M;
