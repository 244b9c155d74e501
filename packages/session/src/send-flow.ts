import type { Dialect } from '@lightspeed/wire';
import type { FlowProtection } from './protection/protection.ts';

/** The send state of one session: token and counters (docs/protocol.md, Header, FEC). */
export class SendState {
  readonly dialect: Dialect;
  token: number;
  /** The next packet's sequence number: one counter for data, parity and control packets. */
  sequence = 0;
  /** The next FEC group's id: one counter for all flows. */
  groupId = 0;

  constructor(dialect: Dialect, token: number) {
    this.dialect = dialect;
    this.token = token;
  }

  /** Takes the next sequence number. */
  takeSequence(): number {
    const sequence = this.sequence;
    this.sequence = (sequence + 1) & 0xffff;
    return sequence;
  }

  /** Takes the next group's id. */
  takeGroupId(): number {
    const id = this.groupId;
    this.groupId = (id + 1) & 0xffff;
    return id;
  }
}

/** The sending half of one flow: the addresses that its packets carry, and what protects them from loss, if anything. */
export class SendFlow<Stream extends SendState = SendState> {
  readonly stream: Stream;
  readonly sourceIp: number;
  readonly sourcePort: number;
  readonly destinationIp: number;
  readonly destinationPort: number;
  protection: FlowProtection | null = null;

  constructor(stream: Stream, sourceIp: number, sourcePort: number, destinationIp: number, destinationPort: number) {
    this.stream = stream;
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
