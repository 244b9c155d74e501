import type { AddressHandle, ArenaOffset, ByteLength, Dialect, Port, SequenceNumber, SessionToken } from '@lightspeed/wire';
import { TAG_BYTES } from '@lightspeed/wire';
import type { PacketTags } from '../tags/packet-tags.ts';
import type { FlowProtection } from './protection.ts';

/** The send state of one session: token and counters (docs/protocol.md, Header, FEC). */
export class SendState {
  readonly dialect: Dialect;
  token: SessionToken;
  /** The next packet's sequence number: one counter for data, parity and control packets. */
  sequence = 0;
  /** The next FEC group's id: one counter for all flows. */
  groupId = 0;
  /** The tags of its packets, from when the session is to have them. */
  tags: PacketTags | null = null;

  constructor(dialect: Dialect, token: SessionToken) {
    this.dialect = dialect;
    this.token = token;
  }

  /** In whose name blocks of memory are taken for its packets, see `FecMemory.take`; -1 for nobody in particular. */
  get owner(): number {
    return -1;
  }

  /** Bytes that a tag adds to each packet; 0 without tags. */
  get tagBytes(): ByteLength {
    return this.tags !== null && this.tags.isSealing ? TAG_BYTES : 0;
  }

  /** Puts the tag on a packet that is to go out, if it has one. It then begins by so many bytes earlier. @returns those bytes. */
  seal(offset: ArenaOffset, length: ByteLength): ByteLength {
    return this.tags === null ? 0 : this.tags.seal(offset, length);
  }

  /** Takes the next sequence number. */
  takeSequence(): SequenceNumber {
    const sequence = this.sequence;
    this.sequence = (sequence + 1) & 0xffff;
    return sequence;
  }

  /** Takes the next sequence number of a control packet: the next one of all, unless the ends have agreed on another counter. */
  takeControlSequence(): SequenceNumber {
    return this.takeSequence();
  }

  /** Takes the next group's id. */
  takeGroupId(): number {
    const id = this.groupId;
    this.groupId = (id + 1) & 0xffff;
    return id;
  }
}

/** The sending half of one flow: the addresses that its packets carry, and what protects them from loss, if anything. */
export class SendFlow<State extends SendState = SendState> {
  readonly sending: State;
  readonly sourceIp: AddressHandle;
  readonly sourcePort: Port;
  readonly destinationIp: AddressHandle;
  readonly destinationPort: Port;
  protection: FlowProtection | null = null;

  constructor(sending: State, sourceIp: AddressHandle, sourcePort: Port, destinationIp: AddressHandle, destinationPort: Port) {
    this.sending = sending;
    this.sourceIp = sourceIp;
    this.sourcePort = sourcePort;
    this.destinationIp = destinationIp;
    this.destinationPort = destinationPort;
  }

  /** Packets per FEC group, 0 without FEC. */
  get groupSize(): number {
    return this.protection === null ? 0 : this.protection.groupSize;
  }
}
