import type { Dialect } from '@lightspeed/wire';

/** Why a peer ends a session (docs/protocol.md, Disconnect). One set of names for both dialects' numbers. */
export type DisconnectReason = 'normal' | 'timeout' | 'auth_failed' | 'rate_limited' | 'server_shutdown';

// By code. The dialects disagree on 2 and 4.
const STANDARD: readonly DisconnectReason[] = ['normal', 'timeout', 'auth_failed', 'rate_limited', 'server_shutdown'];
const REFERENCE: readonly DisconnectReason[] = ['normal', 'timeout', 'server_shutdown', 'rate_limited', 'auth_failed'];

/** Every reason, in the order of the `standard` codes. */
export const DISCONNECT_REASONS: readonly DisconnectReason[] = STANDARD;

/** The code that stands for `reason` in `dialect`. */
export function disconnectCode(reason: DisconnectReason, dialect: Dialect): number {
  return (dialect === 'standard' ? STANDARD : REFERENCE).indexOf(reason);
}

/** The reason that `code` stands for in `dialect`; the code itself when it stands for none. */
export function disconnectReason(code: number, dialect: Dialect): DisconnectReason | number {
  return (dialect === 'standard' ? STANDARD : REFERENCE)[code] ?? code;
}
