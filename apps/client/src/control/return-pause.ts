import { randomInt } from 'node:crypto';
import { CloseCode } from '@lightspeed/control/quic';

/** After a node has exchanged its certificate its clients do not all come back in the same moment. */
const RENEWAL_MS = { least: 50, most: 1_000 } as const;
/** Nor do they after it has restarted, which takes it about a second. */
const RESTART_MS = { least: 1_000, most: 2_000 } as const;

/** @returns milliseconds until a client comes back to a node that has closed its connection for a moment; undefined if it is lost. */
export function returnPauseMs(code: number): number | undefined {
  if (code === CloseCode.certificateReplaced) return randomInt(RENEWAL_MS.least, RENEWAL_MS.most);
  if (code === CloseCode.nodeRestarts) return randomInt(RESTART_MS.least, RESTART_MS.most);
  return undefined;
}
