/**
 * Constants of the protocol (docs/protocol.md, Header, MTU). All integers on the wire are big-endian.
 *
 * ```
 *  byte 0        1        2..3       4..7          8..11    12..15   16..17     18..19
 * +-----+-----+---------+----------+-------------+--------+--------+----------+----------+
 * | ver |flags| token   | sequence | timestampUs | src IP | dst IP | src port | dst port |
 * +-----+-----+---------+----------+-------------+--------+--------+----------+----------+
 *   4 b   4 b
 * ```
 */

/** Bytes of IPv4 and UDP headers in front of a packet, without options. */
export const OUTER_BYTES = 28;

/** Bytes of the header that every packet starts with. A version 1 packet has nothing more in front of its payload. */
export const HEADER_BYTES = 20;

/** Version number of a packet without forward error correction. */
export const VERSION_PLAIN = 1;
/** Version number of a packet with an FEC extension after its header. */
export const VERSION_FEC = 2;
/** Version number of a version 1 packet with a tag behind its header. */
export const VERSION_TAGGED_PLAIN = 3;
/** Version number of a version 2 packet with a tag behind its FEC extension. */
export const VERSION_TAGGED_FEC = 4;

/** Bytes of a tag, in front of the payload. A packet with a tag has room for that much less payload. */
export const TAG_BYTES = 4;

/** Keepalive probe, or its echo. */
export const FLAG_KEEPALIVE = 0x01;
/** Opens a session, or acknowledges that it is open. */
export const FLAG_HANDSHAKE = 0x02;
/** Closes a session, or acknowledges that it is closed. */
export const FLAG_FIN = 0x04;
/** Reserved for fragments. Nobody sends it, and a packet that carries it is dropped. */
export const FLAG_FRAGMENT = 0x08;

/** Largest group size that a decoder accepts. */
export const MAX_GROUP_SIZE = 64;

/** Payload that passes every usual path without IP fragmentation. Senders should stay below it. */
export const SAFE_PAYLOAD_BYTES = 1400;
/**
 * Longest payload that is carried at all, by IP fragmentation. Receivers take datagrams of up to 9,000 bytes, and the longest
 * header with a tag takes 30.
 */
export const MAX_CARRIED_PAYLOAD_BYTES = 8970;
/** Largest version 1 payload in a 1,500-byte IPv4 packet; with a tag (version 3) it is 4 bytes less. */
export const MAX_V1_PAYLOAD_BYTES = 1452;
/** Largest version 2 payload in a 1,500-byte IPv4 packet; with a tag (version 4) it is 4 bytes less. */
export const MAX_V2_PAYLOAD_BYTES = 1446;
/**
 * Largest payload that parity can protect: the parity adds two bytes to it and must fit as well. In packets with tags it
 * is 4 bytes less.
 */
export const MAX_FEC_PAYLOAD_BYTES = 1444;
