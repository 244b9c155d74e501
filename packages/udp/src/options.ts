import { randomInt } from 'node:crypto';
import { AddressBook, isIpv6, UNSPECIFIED_IPV6 } from '@lightspeed/wire';
import type { AddressHandle, Microseconds } from '@lightspeed/wire';
import { UDP_COUNTERS_BYTES, UdpCounters } from './counters.ts';
import type { EngineOptions, SocketOptions } from './engine.ts';
import { requireInteger, UdpError } from './errors.ts';

/** The longest payload that a UDP datagram over IPv4 can have. */
const MAX_UDP_PAYLOAD_BYTES = 65_507;

/** Longest datagram that is received whole unless an engine is told otherwise. */
export const DEFAULT_MAX_DATAGRAM_BYTES = 9_000;

const MAX_RESERVE_BYTES = 1 << 30;

const MAX_SEED = 2 ** 32;

/** Socket buffers. Games are bursty, and full buffers are what relays lose most packets to. */
export const DEFAULT_BUFFER_BYTES = 4 * 1024 * 1024;

const DEFAULT_BATCH_SIZE = 64;
const MOST_BATCH_SIZE = 256;
const MOST_BUSY_POLL_US = 1_000_000;

/** {@link EngineOptions} with nothing left to check. */
export interface EngineSettings {
  readonly maxDatagramBytes: number;
  readonly batchSize: number;
  readonly reserveBytes: number;
  readonly busyPollUs: Microseconds;
  readonly counters: UdpCounters;
  readonly addresses: AddressBook;
  readonly fdLedger: SharedArrayBuffer | undefined;
}

/**
 * Checks options and fills in defaults.
 * @throws {UdpError} 'ERR_UDP_INVALID_ARGUMENT'
 */
export function parseEngineOptions(options: EngineOptions): EngineSettings {
  const { countersBuffer } = options;
  if (countersBuffer !== undefined && countersBuffer.byteLength < UDP_COUNTERS_BYTES) {
    throw new UdpError(
      'ERR_UDP_INVALID_ARGUMENT',
      `countersBuffer has ${countersBuffer.byteLength} bytes; UDP_COUNTERS_BYTES (${UDP_COUNTERS_BYTES}) are needed`,
    );
  }
  return {
    maxDatagramBytes: requireInteger('maxDatagramBytes', options.maxDatagramBytes ?? DEFAULT_MAX_DATAGRAM_BYTES, 1, MAX_UDP_PAYLOAD_BYTES),
    batchSize: requireInteger('batchSize', options.batchSize ?? DEFAULT_BATCH_SIZE, 1, MOST_BATCH_SIZE),
    reserveBytes: requireInteger('reserveBytes', options.reserveBytes ?? 0, 0, MAX_RESERVE_BYTES),
    busyPollUs: requireInteger('busyPollUs', options.busyPollUs ?? 0, 0, MOST_BUSY_POLL_US),
    counters: new UdpCounters(countersBuffer),
    addresses: options.addresses ?? new AddressBook({ hashSeed: randomInt(MAX_SEED) }),
    fdLedger: options.fdLedger,
  };
}

/** Refuses socket options that are the calling program's fault; what the system thinks of them shows on opening. */
export function checkSocketOptions(options: SocketOptions): void {
  requireInteger('ip', options.ip, -0x8000_0000, 0xffff_ffff);
  requireInteger('port', options.port, 0, 65_535);
  if (options.mark !== undefined) requireInteger('mark', options.mark, 0, 0xffff_ffff);
  if (options.dualStack === true && (options.ip | 0) !== UNSPECIFIED_IPV6) {
    throw new UdpError('ERR_UDP_INVALID_ARGUMENT', 'dualStack: only a socket on every IPv6 address (::) hears IPv4 as well');
  }
  if (options.connect !== undefined) {
    requireInteger('connect.ip', options.connect.ip, -0x8000_0000, 0xffff_ffff);
    requireInteger('connect.port', options.connect.port, 1, 65_535);
    if (options.fd === undefined && isIpv6(options.connect.ip) !== isIpv6(options.ip) && options.dualStack !== true) {
      throw new UdpError('ERR_UDP_INVALID_ARGUMENT', 'connect.ip is of another family than ip');
    }
  }
}

/** Whether a socket on this address hears all addresses of its family, or of both. */
export function isWildcard(ip: AddressHandle): boolean {
  return ip === 0 || (ip | 0) === UNSPECIFIED_IPV6;
}
