/** Longest frame that is taken from a capture, in bytes: the longest that tcpdump and Wireshark write. */
export const MAX_FRAME_BYTES = 262_144;

/** How frames begin, by the numbers of https://www.tcpdump.org/linktypes.html; those that can be read. */
export const LinkType = {
  null: 0,
  ethernet: 1,
  rawBsd: 12,
  rawOpenBsd: 14,
  raw: 101,
  loop: 108,
  cooked: 113,
  ipv4: 228,
  ipv6: 229,
  cookedV2: 276,
} as const;

/** What was captured of one frame. */
export interface CapturedFrame {
  /** Counts the frames of a capture, from 1. */
  readonly number: number;
  /** Nanoseconds since 1970; undefined where the capture does not say. */
  readonly timeNs: bigint | undefined;
  /** One of {@link LinkType}, or another number. */
  readonly linkType: number;
  /** What was kept of it. It aliases the bytes that the reader was given. */
  readonly bytes: Uint8Array;
}

/** Reads a capture as its bytes come. */
export interface FrameReader {
  /** Takes the next bytes, which must not change any more. */
  add(bytes: Uint8Array): void;
  /**
   * The next frame that is there as a whole; undefined if more bytes are needed.
   * @throws {ClientError} `ERR_CLIENT_DAMAGED_CAPTURE`
   */
  next(): CapturedFrame | undefined;
  /**
   * Says that no bytes follow.
   * @throws {ClientError} `ERR_CLIENT_DAMAGED_CAPTURE` if the capture ends within a frame
   */
  end(): void;
}
