/**
 * Why a packet or datagram was dropped. Input from the network never throws: a function that refuses it returns one of
 * these numbers, and the caller counts it. 0 is not a reason, so that it can say "accepted".
 */
export const DropReason = {
  // The bytes are no packet of this protocol (docs/protocol.md, Validity).
  /** Fewer than 20 bytes, or 24 with a tag. */
  tooShort: 1,
  /** A version that the session does not use: 1 and 2, and where tags were agreed on 3 and 4. */
  badVersion: 2,
  /** Version 2 or 4 without room for its extension, or for the tag behind it. */
  extensionCutShort: 3,
  /** FEC group size 0 or above 64. */
  badGroupSize: 4,
  /** The extension's reserved byte is not 0. */
  reservedNotZero: 5,
  /** The extension's flags byte is neither 0x00 nor 0x01, nor a form on which the peers have agreed. */
  badFecFlags: 6,
  /** A data packet whose index is not below its group size. */
  badDataIndex: 7,
  /** A parity packet whose index is not its group size. */
  badParityIndex: 8,
  /** The FRAGMENT flag is reserved. */
  fragment: 9,
  /** A packet with blocks in which something is wrong: nothing of it counts. */
  badBlock: 37,

  // The packet is sound, its sender or session is not (docs/protocol.md, Sessions).
  /** No session is bound to the address that it came from. */
  unknownSession: 10,
  /** Its token is not the session's. */
  badToken: 11,
  /** A HANDSHAKE that no registration allows. */
  notAdmitted: 12,
  /** Its sequence number was seen already. */
  duplicate: 13,
  /** It is too late to tell whether it was seen before. */
  tooOld: 14,
  /** It is too far ahead to be told from a forged one, until more have followed it. */
  tooFarAhead: 36,
  /** It came from an address that is not the tunnel's peer. */
  unexpectedSource: 15,
  /** No session is established, so that there is nowhere to send it. */
  notEstablished: 16,
  /** Its report says that more has come than was sent, or what was never sent. */
  badReport: 38,
  /** It answers nothing that was asked. */
  unexpectedReply: 17,
  /** It belongs to no flow that is open. */
  unknownFlow: 18,
  /** Its tag was not made with the key of its session and direction. */
  badTag: 19,
  /** A HANDSHAKE whose proof was not made with the secret of the session that it names. */
  badProof: 34,
  /** A HANDSHAKE whose proof was used before. */
  replayedProof: 35,

  // Limits and policies (docs/protocol.md, Limits).
  /** Over the packet rate of its client. */
  ratePackets: 20,
  /** Over the byte rate of its client. */
  rateBytes: 21,
  /** Over the packet rate of addresses without a session. */
  unboundRate: 22,
  /** Its sender is banned. */
  banned: 23,
  /** The destination is not open for relaying. */
  destinationDenied: 24,
  /** Too many new destinations in a short time. */
  reflection: 25,
  /** More bytes out than an address that is not verified, or a limited session, may cause. */
  amplification: 26,
  /** All sessions are taken. */
  sessionLimit: 27,
  /** Its address holds as many sessions as one address may. */
  addressSessionLimit: 28,
  /** The session has as many flows as one session may. */
  flowLimit: 29,
  /** No egress socket is left. */
  egressExhausted: 30,
  /** The session has not sent to that server for so long that its flow is over. */
  unsolicited: 31,
  /** Over the size that the path carries, and the configuration drops such packets. */
  oversize: 32,
  /** Longer than anything that is carried. */
  truncated: 33,
} as const;

/** A number from {@link DropReason}. */
export type DropReason = (typeof DropReason)[keyof typeof DropReason];

/** One more than the highest reason: the size of an array of counters by reason. */
export const DROP_REASON_COUNT = 39;

/**
 * The reasons' names as metrics and logs show them (`too_short`, `bad_token`, ...), by number; empty where a number is
 * not in use.
 */
export const DROP_REASON_NAMES: readonly string[] = nameByNumber();

function nameByNumber(): string[] {
  const names = new Array<string>(DROP_REASON_COUNT).fill('');
  for (const [name, reason] of Object.entries(DropReason)) {
    names[reason] = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
  return names;
}

/** Tells a refusal from what a decoder returns on success, which is always an object. */
export function isDropReason(result: object | DropReason): result is DropReason {
  return typeof result === 'number';
}
