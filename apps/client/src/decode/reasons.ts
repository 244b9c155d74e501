import { DROP_REASON_NAMES, DropReason, HEADER_BYTES, MAX_GROUP_SIZE, TAG_BYTES, fecExtensionBytes, hasTag } from '@lightspeed/wire';
import type { Dialect } from '@lightspeed/wire';

const INDEX = HEADER_BYTES + 2;
const SIZE = HEADER_BYTES + 3;
const FLAGS = HEADER_BYTES + 4;
const RESERVED = HEADER_BYTES + 5;

/** Says in words why receivers refuse the packet (docs/protocol.md, Validity). */
export function explainRefusal(reason: DropReason, bytes: Uint8Array, dialect: Dialect): string {
  const at = (offset: number) => bytes[offset] ?? 0;
  const isTagged = dialect === 'standard' && hasTag(bytes, 0, bytes.length);
  const version = at(0) >> 4;
  switch (reason) {
    case DropReason.tooShort:
      if (isTagged && bytes.length >= HEADER_BYTES) {
        return `a version ${version} packet has at least ${HEADER_BYTES + TAG_BYTES} bytes, this has ${bytes.length}`;
      }
      return `a packet has at least ${HEADER_BYTES} bytes, this has ${bytes.length}`;
    case DropReason.badVersion:
      if (dialect === 'reference') return `its version is ${version}; there are 1 (plain) and 2 (with FEC) in dialect reference`;
      return `its version is ${version}; there are 1 (plain), 2 (with FEC), and with a tag 3 and 4`;
    case DropReason.extensionCutShort: {
      const needed = fecExtensionBytes(dialect);
      const left = bytes.length - HEADER_BYTES;
      if (isTagged) return `version ${version} has ${needed} bytes of FEC extension and ${TAG_BYTES} of tag, here are ${left}`;
      return `version 2 has ${needed} bytes of FEC extension in dialect ${dialect}, here are ${left}`;
    }
    case DropReason.badGroupSize:
      return `its FEC group size is ${at(SIZE)}; allowed are 1 to ${MAX_GROUP_SIZE}`;
    case DropReason.reservedNotZero:
      return `the reserved byte of its FEC extension is 0x${hex(at(RESERVED))}; it must be 0`;
    case DropReason.badFecFlags:
      return `its FEC flags are 0x${hex(at(FLAGS))}; there are 0x00 (data) and 0x01 (parity), and for blocks 0x02 and 0x03`;
    case DropReason.badDataIndex:
      return `it is data with index ${at(INDEX)} in a group of ${at(SIZE)}; data has 0 to ${at(SIZE) - 1}`;
    case DropReason.badParityIndex:
      return `it is parity with index ${at(INDEX)} in a group of ${at(SIZE)}; parity has the group's size as its index`;
    case DropReason.fragment:
      return 'it carries the FRAGMENT flag, which is reserved: receivers drop it';
    case DropReason.badTag:
      return 'its tag does not fit the key: it was made with another key, of another direction or session, or the packet was changed';
    default:
      return DROP_REASON_NAMES[reason];
  }
}

/** Two hexadecimal digits. */
export function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
