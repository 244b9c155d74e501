/** One instruction of classic BPF (Linux, Documentation/networking/filter.rst), with the names that it has there. */
interface Instruction {
  readonly code: number;
  readonly jt?: number;
  readonly jf?: number;
  readonly k: number;
}

// The operations that are used here: loads of the packet's length, of a byte and of four bytes; comparisons; the result.
const LOAD_LENGTH = 0x80;
const LOAD_BYTE = 0x30;
const LOAD_WORD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;

/** The program sees the UDP header before the payload. */
const UDP_HEADER_BYTES = 8;
/** The shortest datagram that may open a connection (RFC 9000, section 14.1). */
const MIN_INITIAL_BYTES = 1_200;
/** Header form: set in long headers. */
const LONG_HEADER = 0x80;
/** The packet type of a long header. That of an Initial is 0. */
const LONG_TYPE = 0x30;
const QUIC_VERSION_1 = 1;
const TAKE = 0xffff_ffff;
const DROP = 0;

/**
 * A filter in classic BPF for a listener's socket: it drops datagrams that a server must not answer, before the QUIC library
 * sees them. Those are
 * datagrams under 1,200 bytes that begin with an Initial (RFC 9000, section 14.1). So are those that begin with a long header
 * of a version that is not spoken here (section 5.2.2). Short headers, and small packets of connections that there are, pass.
 */
export const SHORT_INITIALS_FILTER: readonly Instruction[] = [
  { code: LOAD_LENGTH, k: 0 },
  { code: IF_AT_LEAST, jt: 7, jf: 0, k: UDP_HEADER_BYTES + MIN_INITIAL_BYTES },
  // A load beyond the end ends the program, and the datagram is dropped.
  { code: LOAD_BYTE, k: UDP_HEADER_BYTES },
  { code: IF_ANY_BIT, jt: 0, jf: 5, k: LONG_HEADER },
  { code: LOAD_WORD, k: UDP_HEADER_BYTES + 1 },
  { code: IF_EQUAL, jt: 0, jf: 2, k: QUIC_VERSION_1 },
  { code: LOAD_BYTE, k: UDP_HEADER_BYTES },
  { code: IF_ANY_BIT, jt: 1, jf: 0, k: LONG_TYPE },
  { code: RETURN, k: DROP },
  { code: RETURN, k: TAKE },
];
