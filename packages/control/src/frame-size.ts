/** Bytes of the length prefix. */
export const LENGTH_BYTES = 2;
/** The largest length that a message may have: type and body, without the prefix. */
export const MAX_MESSAGE_BYTES = 4096;
/** The largest frame, prefix included. */
export const MAX_FRAME_BYTES = LENGTH_BYTES + MAX_MESSAGE_BYTES;
