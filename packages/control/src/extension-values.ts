import { requireUtf8 } from './body-writer.ts';
import { ControlError } from './control-error.ts';
import { codec, readU32, u32s } from './extension-codec.ts';
import { ExtensionId } from './extension-id.ts';
import { decodeUtf8 } from './utf8.ts';

/** Bytes of a session secret. */
export const SESSION_SECRET_BYTES = 16;

/** What a session may send; 0 is no limit. */
export interface SessionLimits {
  /** Packets a second. */
  readonly ratePps: number;
  /** Bytes a second. */
  readonly rateBps: number;
}

/** How many sessions a node has, of how many that it takes. */
export interface NodeLoad {
  readonly activeSessions: number;
  readonly capacity: number;
}

/** What a client says that wants its session back, see {@link resumeExtension}. */
export interface ResumeRequest {
  /** u32. */
  readonly sessionId: number;
  /** u64; one that the session's client has not used yet, for proofs and for this. */
  readonly nonce: bigint;
  /** 16 bytes: the first ones of HMAC-SHA-256 of {@link resumeMessage} under the session's secret. */
  readonly tag: Uint8Array;
}

/** Bytes of the tag of a {@link ResumeRequest}. */
export const RESUME_TAG_BYTES = 16;

/** Bits of {@link capabilitiesExtension} (docs/protocol.md, Extensions). */
export const Capability = {
  /** Puts tags on its packets and checks those of the other side. */
  tags: 1,
  /** Asks addresses by challenges, or answers such challenges. */
  challenge: 2,
  /** Understands reports, or sends them. */
  reports: 4,
  /** Asks to hear whoever sends to the session's public addresses, or grants it. */
  anySource: 8,
  /** Asks the node to measure round trips to game servers, or does so. */
  probes: 16,
} as const;

/** RegisterAck: the key of the proofs that bind addresses to the session, 16 bytes. */
export const sessionSecretExtension = codec<Uint8Array>(
  ExtensionId.sessionSecret,
  (secret) => {
    if (secret.length !== SESSION_SECRET_BYTES) {
      throw new ControlError('ERR_CONTROL_FIELD_RANGE', `a session secret must be 16 bytes, got ${secret.length}`);
    }
    return secret;
  },
  (value) => (value.length === SESSION_SECRET_BYTES ? value : undefined),
);

/** Disconnect: the reason in words, UTF-8. From the peer: escape control characters before showing it. */
export const reasonTextExtension = codec<string>(
  ExtensionId.reasonText,
  (text) => requireUtf8('reason text', text),
  (value) => decodeUtf8(value, 0, value.length),
);

/**
 * Disconnect: the reason as a word that programs know, UTF-8. `expired` and `revoked` are for good: the same ticket is not let in
 * again (docs/protocol.md, Extensions).
 */
export const refusalCodeExtension = codec<string>(
  ExtensionId.refusalCode,
  (code) => requireUtf8('refusal code', code),
  (value) => decodeUtf8(value, 0, value.length),
);

/** RegisterAck: how often the node wants keepalives, `milliseconds u32`. */
export const keepaliveIntervalExtension = codec<number>(
  ExtensionId.keepaliveInterval,
  (milliseconds) => u32s(milliseconds),
  (value) => readU32(value, 0),
);

/** Register: the ticket that says who may register, opaque here. */
export const ticketExtension = codec<Uint8Array>(
  ExtensionId.ticket,
  (ticket) => ticket,
  (value) => value,
);

/** RegisterAck: the session's limits, `ratePps u32, rateBps u32`. */
export const limitsExtension = codec<SessionLimits>(
  ExtensionId.limits,
  ({ ratePps, rateBps }) => u32s(ratePps, rateBps),
  (value) => {
    const ratePps = readU32(value, 0);
    const rateBps = readU32(value, 4);
    return ratePps === undefined || rateBps === undefined ? undefined : { ratePps, rateBps };
  },
);

/** ServerInfo: sessions on the node and its room for them, `active u32, capacity u32`. */
export const loadExtension = codec<NodeLoad>(
  ExtensionId.load,
  ({ activeSessions, capacity }) => u32s(activeSessions, capacity),
  (value) => {
    const activeSessions = readU32(value, 0);
    const capacity = readU32(value, 4);
    return activeSessions === undefined || capacity === undefined ? undefined : { activeSessions, capacity };
  },
);

/** ServerInfo: the node takes no new sessions and stops relaying in so many milliseconds, u32. */
export const drainingExtension = codec<number>(
  ExtensionId.draining,
  (milliseconds) => u32s(milliseconds),
  (value) => readU32(value, 0),
);

/**
 * Register: what the client can do beyond what every version can, bits of {@link Capability} as u32. RegisterAck: those of
 * them that the node can do as well. Absent is 0. Bits that are not known mean nothing and are to be left out of an answer.
 */
export const capabilitiesExtension = codec<number>(
  ExtensionId.capabilities,
  (bits) => u32s(bits),
  (value) => readU32(value, 0),
);

/**
 * Register: the client wants to go on with the session that it had, `session id u32, nonce u64, tag 16 bytes`. If the
 * node knows the session, the tag is valid and the nonce is new, the node acknowledges the same session id, token and
 * secret. Otherwise it treats the Register as if this were not there.
 */
export const resumeExtension = codec<ResumeRequest>(
  ExtensionId.resume,
  ({ sessionId, nonce, tag }) => {
    if (tag.length !== RESUME_TAG_BYTES) {
      throw new ControlError('ERR_CONTROL_FIELD_RANGE', `the tag of a resume must be 16 bytes, got ${tag.length}`);
    }
    const value = new Uint8Array(ID_AND_NONCE_BYTES + RESUME_TAG_BYTES);
    value.set(idAndNonce(sessionId, nonce));
    value.set(tag, ID_AND_NONCE_BYTES);
    return value;
  },
  (value) => {
    if (value.length < ID_AND_NONCE_BYTES + RESUME_TAG_BYTES) return undefined;
    const view = new DataView(value.buffer, value.byteOffset);
    const tag = value.subarray(ID_AND_NONCE_BYTES, ID_AND_NONCE_BYTES + RESUME_TAG_BYTES);
    return { sessionId: view.getUint32(0), nonce: view.getBigUint64(4), tag };
  },
);

/**
 * What the tag of a {@link ResumeRequest} authenticates: ASCII `lstp-resume`, then session id and nonce as they are sent.
 *
 * @returns 23 bytes, fresh
 * @throws {ControlError} `ERR_CONTROL_FIELD_RANGE`
 */
export function resumeMessage(sessionId: number, nonce: bigint): Uint8Array {
  const message = new Uint8Array(RESUME_LABEL.length + ID_AND_NONCE_BYTES);
  message.set(RESUME_LABEL);
  message.set(idAndNonce(sessionId, nonce), RESUME_LABEL.length);
  return message;
}

const ID_AND_NONCE_BYTES = 12;
const RESUME_LABEL = Uint8Array.from('lstp-resume', (character) => character.charCodeAt(0));
const MAX_U64 = 0xffff_ffff_ffff_ffffn;

function idAndNonce(sessionId: number, nonce: bigint): Uint8Array {
  if (nonce < 0n || nonce > MAX_U64) {
    throw new ControlError('ERR_CONTROL_FIELD_RANGE', `a nonce must be 0 to 2^64 - 1, got ${nonce}`);
  }
  return u32s(sessionId, Number(nonce >> 32n), Number(nonce & 0xffff_ffffn));
}
