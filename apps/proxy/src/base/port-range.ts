/** An inclusive range of ports. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
}
