import type { LocalFlow } from '@lightspeed/session';
import type { DatagramSocket } from '@lightspeed/udp';
import type { AddressHandle, ArenaOffset, ByteLength, Port } from '@lightspeed/wire';
import type { Ingress, IngressHost } from '../ingress.ts';
import { LocalDrop } from '../local-counters.ts';
import type { ServerAddresses } from '../server-addresses.ts';
import type { AnswerCopies } from './answer-copies.ts';
import { SOCKS_HEADER_BYTES, SocksDatagram, SocksDatagramKind, writeSocksHeader } from './datagram.ts';
import type { NameTable, ServerName } from './names.ts';
import type { WaitingRoom } from '../waiting-room.ts';

/** Most game servers that one association talks with at once. */
const MAX_DESTINATIONS = 256;

/** What the associations of one server share. */
export interface AssociationHost {
  readonly ingresses: IngressHost;
  readonly names: NameTable;
  readonly waitingRoom: WaitingRoom<SocksAssociation, ServerName>;
  readonly answers: AnswerCopies;
  /** A client has sent to an IPv6 address. */
  ipv6Refused(): void;
}

/** One client's UDP association: its relay socket takes datagrams of that client only, with any IPv4 address or name on them. */
export class SocksAssociation implements Ingress {
  readonly maxFlows = MAX_DESTINATIONS;
  readonly id: number;
  readonly socket: DatagramSocket;
  readonly #host: AssociationHost;
  readonly #number: number;
  readonly #clientIp: AddressHandle;
  /** 0 until the first datagram has come, if the client has not said it. */
  #clientPort: Port;
  readonly #datagram = new SocksDatagram();
  #ipv6Told = false;

  constructor(host: AssociationHost, id: number, socket: DatagramSocket, clientIp: AddressHandle, clientPort: Port) {
    this.id = id;
    this.socket = socket;
    this.#host = host;
    this.#clientIp = clientIp | 0;
    this.#clientPort = clientPort;
    this.#number = host.ingresses.addIngress(this);
  }

  onDatagrams(_socket: DatagramSocket, count: number): void {
    const { engine, counters } = this.#host.ingresses;
    const { offsets, lengths, ips, ports } = engine.received;
    for (let i = 0; i < count; i++) {
      const expected = this.#clientPort === 0 || ports[i] === this.#clientPort;
      if (ips[i] !== this.#clientIp || !expected) counters.drops[LocalDrop.socksSource]++;
      else this.#take(offsets[i], lengths[i], ports[i]);
    }
  }

  deliver(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void {
    const { engine, counters } = this.#host.ingresses;
    const payload = this.#host.answers.copyOf(offset, length);
    if (payload < 0) {
      counters.drops[LocalDrop.socksWaiting]++;
      return;
    }
    const start = payload - SOCKS_HEADER_BYTES;
    writeSocksHeader(engine.arena.bytes, start, flow.destinationIp, flow.destinationPort);
    engine.send(this.socket, start, length + SOCKS_HEADER_BYTES, flow.sourceIp, flow.sourcePort);
  }

  /** Carries a payload to a game server. */
  carry(serverIp: AddressHandle, serverPort: Port, offset: ArenaOffset, length: ByteLength): void {
    const { ingresses } = this.#host;
    const flow = ingresses.flowFor(this.#number, this.#clientIp, this.#clientPort, serverIp, serverPort);
    if (flow !== null) ingresses.carry(flow, offset, length);
  }

  /** Carries a payload to a game server that is known by its name. */
  carryToName(servers: ServerAddresses, serverPort: Port, offset: ArenaOffset, length: ByteLength): void {
    const { ingresses } = this.#host;
    const flow = ingresses.flowByName(this.#number, this.#clientIp, this.#clientPort, servers, serverPort);
    if (flow !== null) ingresses.carry(flow, offset, length);
  }

  /** Its client is gone. */
  close(): void {
    this.#host.waitingRoom.forget(this);
    this.#host.ingresses.removeIngress(this.#number);
    this.socket.close();
  }

  #take(offset: ArenaOffset, length: ByteLength, port: Port): void {
    const { engine, counters } = this.#host.ingresses;
    const datagram = this.#datagram;
    const kind = datagram.read(engine.arena.bytes, offset, length);
    if (kind !== SocksDatagramKind.malformed) this.#clientPort = port;
    if (kind === SocksDatagramKind.ipv4) {
      this.carry(datagram.ip, datagram.port, datagram.payloadOffset, datagram.payloadLength);
    } else if (kind === SocksDatagramKind.name) {
      this.#takeNamed(datagram);
    } else if (kind === SocksDatagramKind.fragment) {
      counters.drops[LocalDrop.socksFragment]++;
    } else if (kind === SocksDatagramKind.ipv6) {
      counters.drops[LocalDrop.socksIpv6]++;
      if (!this.#ipv6Told) this.#host.ipv6Refused();
      this.#ipv6Told = true;
    } else {
      counters.drops[LocalDrop.socksMalformed]++;
    }
  }

  #takeNamed({ nameOffset, nameLength, port, payloadOffset, payloadLength }: SocksDatagram): void {
    const { ingresses, names, waitingRoom } = this.#host;
    const { engine, counters } = ingresses;
    const name = names.lookUp(engine.arena.bytes, nameOffset, nameLength, engine.clockMs);
    if (name !== null && name.state === 'found' && name.servers !== null)
      this.carryToName(name.servers, port, payloadOffset, payloadLength);
    else if (name === null || name.state === 'asked') {
      const waits = name !== null && waitingRoom.add(this, name, port, payloadOffset, payloadLength);
      if (!waits) counters.drops[LocalDrop.socksWaiting]++;
    } else counters.drops[dropOf(name)]++;
  }
}

/** Why what is sent to a name that was not found goes no further. */
export function dropOf({ state }: ServerName): number {
  return state === 'ipv6-only' ? LocalDrop.socksIpv6 : LocalDrop.socksUnresolved;
}
