import { randomBytes } from 'node:crypto';
import { MAX_MESSAGE_BYTES, encode, ticketExtension } from '@lightspeed/control';
import type { OutgoingMessage, StandardRegister } from '@lightspeed/control';
import type { Random } from '@lightspeed/netem';

const LONGEST_NOISE_BYTES = 2_000;
const LONGEST_DATAGRAM_BYTES = 1_500;
const LEAST_INITIAL_BYTES = 1_200;
const CONNECTION_ID_BYTES = 8;
const QUIC_VERSION_1 = 1;

const PING: OutgoingMessage = { type: 'ping', timestampUs: 7n };
const REGISTER: StandardRegister = { type: 'register', dialect: 'standard', gameId: 1, clientVersion: 'garbage', extensions: [] };

/** Messages that a client has no reason to send, or not there; a Register is never one that would be let in. */
const MISPLACED: readonly OutgoingMessage[] = [
  { type: 'pong', echoedTimestampUs: 1n, serverTimestampUs: 2n },
  { type: 'register_ack', sessionId: 1, token: 1, nodeId: 'n', region: 'r', extensions: [] },
  { type: 'server_info', dialect: 'standard', nodeId: 'n', region: 'r', loadPercent: 1, version: '1', extensions: [] },
  PING,
];

/** A valid message that any client may send. */
export const PING_FRAME: Uint8Array = encode(PING, 'standard');

/** Random bytes, at least one. */
export function noise(random: Random): Uint8Array {
  return randomBytes(1 + random.nextInt(LONGEST_NOISE_BYTES));
}

/** The beginning of a message, at least a byte and never all of it. */
export function halfFrame(random: Random): Uint8Array {
  const frame = encode(random.pick([...MISPLACED, REGISTER]), 'standard');
  return frame.subarray(0, 1 + random.nextInt(frame.length - 1));
}

/** A frame whose length is not to be believed. */
export function hostileLength(random: Random): Uint8Array {
  const frame = Buffer.from(PING_FRAME);
  const lengths = [0, 1, frame.length - 3, frame.length + random.nextInt(200), MAX_MESSAGE_BYTES + 1, 0xffff];
  frame.writeUInt16BE(random.pick(lengths));
  return Buffer.concat([frame, randomBytes(random.nextInt(64))]);
}

/** A valid message at the wrong time, or from the wrong side. */
export function misplacedFrame(random: Random): Uint8Array {
  return encode(random.pick(MISPLACED), 'standard');
}

/** A registration without a ticket, or with one that nobody has signed. */
export function hopelessRegister(random: Random): Uint8Array {
  const extensions = random.once(2) ? [] : [ticketExtension.encode(randomBytes(1 + random.nextInt(300)))];
  return encode({ ...REGISTER, extensions }, 'standard');
}

/** A datagram for the port of the control plane. */
export function hostileDatagram(random: Random): Buffer {
  const kind = random.nextInt(4);
  if (kind === 0) return randomBytes(random.nextInt(LONGEST_DATAGRAM_BYTES + 1));
  // Bits of RFC 9000, section 17: a long header, an Initial; else a short header.
  const bytes = randomBytes(LEAST_INITIAL_BYTES);
  bytes[0] = kind === 3 ? 0x40 | (bytes[0] & 0x3f) : 0xc0 | (bytes[0] & 0x0f);
  if (kind === 3) return bytes.subarray(0, 1 + random.nextInt(LEAST_INITIAL_BYTES));
  if (kind === 1) bytes.writeUInt32BE(QUIC_VERSION_1, 1);
  bytes[5] = CONNECTION_ID_BYTES;
  bytes[6 + CONNECTION_ID_BYTES] = CONNECTION_ID_BYTES;
  return bytes;
}
