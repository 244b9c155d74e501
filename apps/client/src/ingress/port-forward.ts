import type { LocalFlow } from '@lightspeed/session';
import type { DatagramSocket } from '@lightspeed/udp';
import type { AddressHandle, ArenaOffset, ByteLength, Endpoint, Port } from '@lightspeed/wire';
import type { Ingress, IngressHost } from './ingress.ts';

/** A local UDP port that stands for one game server: any number of programs may send to it. */
export class PortForward implements Ingress {
  /** Its programs are this machine's own. */
  readonly maxFlows = Number.POSITIVE_INFINITY;
  readonly #host: IngressHost;
  readonly #socket: DatagramSocket;
  readonly #serverIp: AddressHandle;
  readonly #serverPort: Port;
  readonly #number: number;

  /** @param socket bound; its tag becomes the host's. */
  constructor(host: IngressHost, socket: DatagramSocket, gameServer: Endpoint) {
    this.#host = host;
    this.#socket = socket;
    this.#serverIp = gameServer.ip | 0;
    this.#serverPort = gameServer.port;
    this.#number = host.addIngress(this);
    socket.tag = host.tagFor(this);
  }

  onDatagrams(_socket: DatagramSocket, count: number): void {
    const host = this.#host;
    const { offsets, lengths, ips, ports, locals } = host.engine.received;
    for (let i = 0; i < count; i++) {
      const flow = host.flowFor(this.#number, ips[i], ports[i], this.#serverIp, this.#serverPort);
      if (flow === null) continue;
      flow.localIp = locals[i];
      host.carry(flow, offsets[i], lengths[i]);
    }
  }

  deliver(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void {
    this.#host.engine.send(this.#socket, offset, length, flow.sourceIp, flow.sourcePort, flow.localIp);
  }
}
