import type { TunnelFlow } from './tunnel-flow.ts';

/**
 * One local program's talk with one game server, as whoever drives tunnels keeps it: it outlives a change of the node that
 * carries it. IPv4 addresses are int32 bit patterns.
 */
export class LocalFlow {
  /** The driver's number of the ingress through which the program sent last: answers leave by it. */
  ingress: number;
  /** The program. */
  readonly sourceIp: number;
  readonly sourcePort: number;
  /** The game server. */
  readonly destinationIp: number;
  readonly destinationPort: number;
  /** Whether the driver still knows it: answers that come later are dropped. */
  isOpen = true;
  /** The last datagram in either direction, by the driver's clock in wrapping int32 milliseconds. */
  lastActivityMs = 0;
  /** What the tunnel that carried its last datagram knows about it. Only tunnels write it. */
  carried: TunnelFlow | null = null;

  constructor(ingress: number, sourceIp: number, sourcePort: number, destinationIp: number, destinationPort: number) {
    this.ingress = ingress;
    this.sourceIp = sourceIp | 0;
    this.sourcePort = sourcePort;
    this.destinationIp = destinationIp | 0;
    this.destinationPort = destinationPort;
  }
}
