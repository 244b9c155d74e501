import { Datagrams, MAX_DATAGRAM_BYTES } from '@lightspeed/fuzz';
import type { Random } from '@lightspeed/netem';
import { FLAG_HANDSHAKE, HEADER_BYTES, readDestinationIp, readDestinationPort, writeControlHeader } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';

/** First bytes of destinations to which no node passes anything on its own: a run must not reach other machines. */
const DENIED_FIRST_BYTES = [0, 10, 127, 224, 239, 240, 255];
const DESTINATION_AT = 12;
/** An attacker that knows no token asks for a session so often. */
const ASKS_ONCE_IN = 50;
/** The payload of the longest datagram that IPv4 knows. */
export const LONGEST_UDP_BYTES = 65_507;
/** Few different ones: each is a flow of its own at the node. */
const SOURCES = [0, 1, 2, 3].map((program) => ({ ip: 0x0a01_0000 + program, port: 5_000 }));

/** What an attacker knows. */
export interface AttackerView {
  /** The session's token as far as the attacker knows it, 0 for none. */
  readonly token: number;
  readonly server: Endpoint;
  readonly longestDatagramBytes: number;
}

/**
 * Makes datagrams of one attacker, of kinds that chance picks: packets whole, damaged or cut, noise, and such that are too long.
 * @returns what writes one into bytes with room for the longest datagram of UDP, and returns its length
 */
export function hostileDatagrams(random: Random) {
  const datagrams = new Datagrams(random);
  return (bytes: Uint8Array, { token, server, longestDatagramBytes }: AttackerView): number => {
    if (token === 0 && random.once(ASKS_ONCE_IN)) {
      writeControlHeader(bytes, 0, FLAG_HANDSHAKE, 0, 0, 0);
      return HEADER_BYTES;
    }
    const kind = random.nextInt(20);
    const of = { dialect: 'standard', tokens: [token], sources: SOURCES, destinations: [server], nowUs: 0 } as const;
    let length = datagrams.write(bytes, 0, of);
    if (kind < 6) {
      length = random.nextInt(MAX_DATAGRAM_BYTES);
      for (let at = 0; at < length; at++) bytes[at] = random.nextU32();
    } else if (kind < 10) {
      length = random.nextInt(length + 1);
    } else if (kind === 10) {
      length = longestDatagramBytes + 1 + random.nextInt(LONGEST_UDP_BYTES - longestDatagramBytes);
    }
    // Packets that a node may pass on go to the run's own server; all others to where no node lets anything go.
    const goesToServer = readDestinationIp(bytes, 0) === (server.ip | 0) && readDestinationPort(bytes, 0) === server.port;
    if (!goesToServer) bytes[DESTINATION_AT] = random.pick(DENIED_FIRST_BYTES);
    return length;
  };
}
