import { requireInteger } from './control-error.ts';
import { codec } from './extension-codec.ts';
import { ExtensionId } from './extension-id.ts';

/** Why a node refuses packets of a session, as drop reasons are named; their codes count from 1 (docs/protocol.md, Reports). */
export const REFUSED_REASONS = [
  'rate_packets',
  'rate_bytes',
  'destination_denied',
  'reflection',
  'flow_limit',
  'egress_exhausted',
  'amplification',
  'oversize',
] as const;

/** One of {@link REFUSED_REASONS}, or a code that stands for nothing yet. */
export type RefusedReason = (typeof REFUSED_REASONS)[number] | number;

/** Packets of a session that a node has refused for one reason. */
export interface RefusedPackets {
  /** `up`: the client's; `down`: datagrams of game servers. */
  readonly direction: 'up' | 'down';
  readonly reason: RefusedReason;
  /** u32. */
  readonly packets: number;
}

/** A game server to which a node has refused to open a flow. */
export interface RefusedDestination {
  /** IPv4 address, unsigned. */
  readonly ip: number;
  readonly port: number;
  readonly reason: RefusedReason;
}

/** So many entries of an extension count; a reader ignores further ones. */
export const MAX_REFUSED_ENTRIES = 32;

const PACKETS_BYTES = 6;
const DESTINATION_BYTES = 7;

/** Report: what was refused since the report before, entries of `direction u8 (0 up, 1 down), reason u8, packets u32`. */
export const refusedPacketsExtension = codec<readonly RefusedPackets[]>(
  ExtensionId.refusedPackets,
  (entries) =>
    written(entries, PACKETS_BYTES, (view, at, { direction, reason, packets }) => {
      view.setUint8(at, direction === 'up' ? 0 : 1);
      view.setUint8(at + 1, codeOf(reason));
      requireInteger('refused packets', packets, 0xffff_ffff);
      view.setUint32(at + 2, packets);
    }),
  (value) =>
    read(value, PACKETS_BYTES, (view, at) => {
      const direction = DIRECTIONS[view.getUint8(at)];
      return direction && { direction, reason: refusedReason(view.getUint8(at + 1)), packets: view.getUint32(at + 2) };
    }),
);

/** Report: game servers that were refused since the report before, entries of `ip u32, port u16, reason u8`. */
export const refusedDestinationsExtension = codec<readonly RefusedDestination[]>(
  ExtensionId.refusedDestinations,
  (entries) =>
    written(entries, DESTINATION_BYTES, (view, at, { ip, port, reason }) => {
      requireInteger('ip', ip, 0xffff_ffff);
      requireInteger('port', port, 0xffff);
      view.setUint32(at, ip);
      view.setUint16(at + 4, port);
      view.setUint8(at + 6, codeOf(reason));
    }),
  (value) =>
    read(value, DESTINATION_BYTES, (view, at) => ({
      ip: view.getUint32(at),
      port: view.getUint16(at + 4),
      reason: refusedReason(view.getUint8(at + 6)),
    })),
);

const DIRECTIONS: Readonly<Partial<Record<number, RefusedPackets['direction']>>> = { 0: 'up', 1: 'down' };

function refusedReason(code: number): RefusedReason {
  return REFUSED_REASONS[code - 1] ?? code;
}

function codeOf(reason: RefusedReason): number {
  if (typeof reason !== 'number') return REFUSED_REASONS.indexOf(reason) + 1;
  requireInteger('reason', reason, 0xff);
  return reason;
}

function written<T>(entries: readonly T[], bytes: number, write: (view: DataView, at: number, entry: T) => void): Uint8Array {
  const value = new Uint8Array(bytes * entries.length);
  const view = new DataView(value.buffer);
  entries.forEach((entry, place) => write(view, bytes * place, entry));
  return value;
}

/** Entries that mean nothing are left out. */
function read<T>(value: Uint8Array, bytes: number, readAt: (view: DataView, at: number) => T | undefined): T[] {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const count = Math.min(MAX_REFUSED_ENTRIES, Math.floor(value.length / bytes));
  return Array.from({ length: count }, (_, place) => readAt(view, bytes * place)).filter((entry) => entry !== undefined);
}
