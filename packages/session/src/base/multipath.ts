/** How a session with several paths uses them (docs/protocol.md, Paths). The numbers are those on the wire. */
export const MULTIPATH_MODES = ['standby', 'duplicate', 'parity'] as const;

/**
 * - `standby`: everything goes by one path; the others are kept ready.
 * - `duplicate`: every packet goes by every path; the receiver takes the first one that comes.
 * - `parity`: data goes by one path, parity by another, so that the loss of one path costs no data that parity covers.
 */
export type MultipathMode = (typeof MULTIPATH_MODES)[number];

/** Paths are numbered from 0, and a session has at most so many. */
export const MAX_PATHS = 4;
