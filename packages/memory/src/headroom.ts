/**
 * Free bytes in front of every payload, so that headers are written without moving it. They are 14 for Ethernet, 40 for
 * IPv6, 8 for UDP, 26 for our longest header, and 40 for extensions.
 */
export const HEADROOM_BYTES = 128;
