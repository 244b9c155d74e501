import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CheckedOptions } from '../base/options.ts';
import { ProbeError } from '../base/errors.ts';
import type { Shot } from '../base/shots.ts';
import { ProbeSocket, whyNoProbeSockets } from '../linux/probe-socket.ts';
import type { Protocol } from '../linux/probe-socket.ts';
import { SocketShot } from '../linux/socket-shot.ts';

/*
 * RFC 792, echo:   | type 8, answered by 0 | code 0 | checksum | id | sequence | payload |
 * A nonce in the payload tells the answer from a forged one. The kernel writes id and checksum of unprivileged sockets itself.
 */
const ECHO = 8;
const ECHO_REPLY = 0;
const HEADER_BYTES = 8;
const NONCE_BYTES = 16;
const PING_GROUP_RANGE = '/proc/sys/net/ipv4/ping_group_range';

const LOOPBACK = { ip: '127.0.0.1', port: 1 };

/** Why there can be no ICMP echo, with what to do about it; undefined if there can. */
export function whyNoIcmp(): string | undefined {
  const why = whyNoProbeSockets();
  if (why !== undefined) return why;
  if (protocolAllowed() !== undefined) return undefined;
  return `${PING_GROUP_RANGE} is "${groupRange()}", which leaves your groups out: sudo sysctl net.ipv4.ping_group_range="0 2147483647" lets everybody ping`;
}

/** One ICMP echo. @throws {ProbeError} `ERR_PROBE_UNAVAILABLE` */
export function icmpShot({ target, mark, source }: CheckedOptions): Shot {
  const protocol = whyNoProbeSockets() === undefined ? protocolAllowed() : undefined;
  if (protocol === undefined) throw new ProbeError('ERR_PROBE_UNAVAILABLE', `no ICMP echo: ${whyNoIcmp() ?? 'it has just changed'}`);
  const nonce = randomBytes(NONCE_BYTES);
  return new SocketShot({ protocol, target, mark, source }, echo(nonce), ({ bytes, error }) => {
    if (error !== undefined) return undefined;
    // A raw socket gives the IP header, too.
    const reply = protocol === 'raw-icmp' ? bytes.subarray((bytes[0] & 0x0f) * 4) : bytes;
    const isOurs = reply[0] === ECHO_REPLY && nonce.equals(reply.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES));
    return isOurs ? target.ip : undefined;
  });
}

/** Which socket the system allows. It is found out anew each time: an administrator may change it. */
function protocolAllowed(): Protocol | undefined {
  for (const protocol of ['icmp', 'raw-icmp'] as const) {
    try {
      new ProbeSocket({ protocol, target: LOOPBACK, mark: undefined, source: undefined }).close();
      return protocol;
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
    }
  }
  return undefined;
}

function groupRange(): string {
  try {
    return readFileSync(PING_GROUP_RANGE, 'utf8').trim().replace(/\s+/, ' ');
  } catch {
    return 'not readable';
  }
}

function echo(nonce: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + NONCE_BYTES);
  bytes[0] = ECHO;
  bytes.set(randomBytes(2), 4);
  bytes.set(nonce, HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(2, ~sum & 0xffff);
  return bytes;
}
