import { parseIpv4 } from '@lightspeed/wire';
import type { GameAddress } from './matchmaking.ts';

/*
 * What a master server of Teeworlds 0.7 answers. Its packets begin with flags, and tokens of 4 bytes name their sender and
 * receiver. A packet without a connection has both in front of its data.
 */

/** Where Teeworlds looks for master servers, at the addresses of {@link MASTER_NAMES}. */
export const MASTER_PORT = 8_283;
/** Whom Teeworlds asks for game servers. */
export const MASTER_NAMES = [1, 2, 3, 4].map((number) => `master${number}.teeworlds.com`);

const CONTROL = 0x04;
const CONNECTIONLESS = 0x21;
const TOKEN_MESSAGE = 5;
const OWN_TOKEN = Buffer.of(1, 2, 3, 4);
const GET_LIST = mark('req2');
const LIST = mark('lis2');
const ENTRY_BYTES = 18;

/** @returns undefined if it asks for nothing that a master has. */
export function answerOfMaster(bytes: Buffer, servers: readonly GameAddress[]): Buffer | undefined {
  if (bytes[0] === CONTROL && bytes[7] === TOKEN_MESSAGE) {
    return Buffer.concat([Buffer.of(CONTROL, 0, 0), bytes.subarray(8, 12), Buffer.of(TOKEN_MESSAGE), OWN_TOKEN]);
  }
  if (bytes[0] !== CONNECTIONLESS || !bytes.subarray(9, 17).equals(GET_LIST)) return undefined;
  return Buffer.concat([Buffer.of(CONNECTIONLESS), bytes.subarray(5, 9), OWN_TOKEN, LIST, ...servers.map(entryOf)]);
}

/** An IPv6 address, here one that stands for an IPv4 address, and a port. */
function entryOf({ ip, port }: GameAddress): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeUInt16BE(0xffff, 10);
  entry.writeUInt32BE((parseIpv4(ip) ?? 0) >>> 0, 12);
  entry.writeUInt16BE(port, 16);
  return entry;
}

function mark(name: string): Buffer {
  return Buffer.concat([Buffer.alloc(4, 0xff), Buffer.from(name)]);
}
