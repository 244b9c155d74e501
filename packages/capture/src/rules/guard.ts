import { GUARDED } from './marks.ts';

/*
 * A client may keep a socket that it got beyond its capture. The guard is a table that is there when no capture is. It drops what
 * carries a mark of ours, unless the rules of that capture have let it pass.
 */

/** The name of the table. */
export const GUARD_TABLE = 'lightspeed_guard';
/** After the rules of all captures. */
const PRIORITY = -309;

/** Puts it there as it should be, in one step. */
export const GUARD_COMMAND = [
  `add table ip ${GUARD_TABLE}`,
  `flush table ip ${GUARD_TABLE}`,
  `table ip ${GUARD_TABLE} { chain output { type filter hook output priority ${PRIORITY}; ${GUARDED} drop; }; }`,
].join('; ');
