import { ClientError } from '../../base/errors.ts';
import type { FrameReader } from './captured-frame.ts';
import { PcapReader, isPcap } from './pcap-reader.ts';
import { PcapngReader, isPcapng } from './pcapng-reader.ts';

/** Bytes by which {@link frameReaderFor} tells a capture. */
export const MAGIC_BYTES = 4;

const UNREADABLE: Readonly<Record<number, string>> = {
  0x736e_6f6f: 'a capture in the form of snoop: convert it with "editcap FILE capture.pcapng"',
  0x28b5_2ffd: 'compressed with zstd: use "zstdcat FILE | lightspeed decode -"',
};
const GZIP = 0x1f8b;

/**
 * A reader for the capture that begins with these bytes; undefined if they begin no capture.
 * @throws {ClientError} `ERR_CLIENT_DAMAGED_CAPTURE` if they begin something that has to be converted first.
 */
export function frameReaderFor(start: Uint8Array): FrameReader | undefined {
  if (start.length < MAGIC_BYTES) return undefined;
  const view = new DataView(start.buffer, start.byteOffset, MAGIC_BYTES);
  if (isPcap(view)) return new PcapReader();
  if (isPcapng(view)) return new PcapngReader();
  const isGzip = view.getUint16(0) === GZIP;
  const what = isGzip ? 'compressed with gzip: use "gunzip -c FILE | lightspeed decode -"' : UNREADABLE[view.getUint32(0)];
  if (what !== undefined) throw new ClientError('ERR_CLIENT_DAMAGED_CAPTURE', `the input is ${what}`);
  return undefined;
}
