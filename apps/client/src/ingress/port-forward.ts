import type { LocalFlow } from '@lightspeed/session';
import type { DatagramSocket } from '@lightspeed/udp';
import type { ArenaOffset, ByteLength, Port } from '@lightspeed/wire';
import type { IngressSettings } from '../settings/ingress-settings.ts';
import type { Ingress, IngressHost } from './ingress.ts';
import { ServerAddresses } from './server-addresses.ts';

/** A local UDP port that stands for one game server: any number of programs may send to it. */
export class PortForward implements Ingress {
  /** Its programs are this machine's own. */
  readonly maxFlows = Number.POSITIVE_INFINITY;
  readonly #host: IngressHost;
  readonly #socket: DatagramSocket;
  readonly #servers: ServerAddresses;
  readonly #serverPort: Port;
  readonly #number: number;

  /** @param socket bound; its tag becomes the host's. */
  constructor(host: IngressHost, socket: DatagramSocket, { gameServer, name = '' }: Pick<IngressSettings, 'gameServer' | 'name'>) {
    this.#host = host;
    this.#socket = socket;
    this.#servers = new ServerAddresses(name, [gameServer.ip]);
    this.#serverPort = gameServer.port;
    this.#number = host.addIngress(this);
    socket.tag = host.tagFor(this);
  }

  onDatagrams(_socket: DatagramSocket, count: number): void {
    const host = this.#host;
    const { offsets, lengths, ips, ports, locals } = host.engine.received;
    for (let i = 0; i < count; i++) {
      const flow = host.flowByName(this.#number, ips[i], ports[i], this.#servers, this.#serverPort);
      if (flow === null) continue;
      flow.localIp = locals[i];
      host.carry(flow, offsets[i], lengths[i]);
    }
  }

  /** The game server's name has these addresses now: at least one. */
  setServerAddresses(ips: readonly number[]): void {
    this.#servers.set(ips);
  }

  deliver(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void {
    this.#host.engine.send(this.#socket, offset, length, flow.sourceIp, flow.sourcePort, flow.localIp);
  }
}
