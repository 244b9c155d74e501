/** Bytes that a text shows. */
export interface DumpedPacket {
  readonly bytes: Uint8Array;
  /** The line above them, such as tcpdump's; '' if there is none. */
  readonly heading: string;
  /** Whether offsets stood in front of its rows. */
  readonly isDump: boolean;
  /** Rows that may also be packets of their own, as `xxd -p` and lists of packets look alike. */
  readonly rows: readonly Uint8Array[];
}
