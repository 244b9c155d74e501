import type { FecMemory } from '@lightspeed/fec';
import type { LocalFlow } from '@lightspeed/session';
import type { DatagramSocket } from '@lightspeed/udp';
import type { AddressHandle, ArenaOffset, ByteLength, Port } from '@lightspeed/wire';
import { WAY_ASKED, WAY_DIRECT } from '../../way/way-policy.ts';
import type { Flow, Ingress, IngressHost } from '../ingress.ts';
import { LocalDrop } from '../local-counters.ts';
import { WaitingRoom } from '../waiting-room.ts';
import { AnswerSockets } from './answer-sockets.ts';
import type { AnswerSocket } from './answer-sockets.ts';
import type { CaptureCommand, CaptureEvent, CaughtFlow } from './messages.ts';
import { NewServer, NewServers } from './new-servers.ts';

/** Where trial datagrams go: they come back to their sender. */
export interface TrialServer {
  readonly ip: AddressHandle;
  readonly port: Port;
}

/** What waits for the socket of its answers: a flow, or for a trial the port that sent it. */
interface Sender {
  readonly flow: Flow | undefined;
  readonly ip: AddressHandle;
  readonly port: Port;
}

/**
 * Takes the datagrams that a capture brings to one socket, each with the address that its program has sent it to. Answers
 * leave from a socket with just that address. The first datagrams to a server wait until that socket is there, so that no
 * answer comes before.
 */
export class TransparentIngress implements Ingress {
  readonly maxFlows = Number.POSITIVE_INFINITY;
  readonly #host: IngressHost;
  readonly #listener: DatagramSocket;
  readonly #trial: TrialServer;
  readonly #post: (event: CaptureEvent) => void;
  readonly #number: number;
  readonly #answers: AnswerSockets;
  readonly #room: WaitingRoom<Sender, AnswerSocket>;
  readonly #newServers = new NewServers();
  /** By their flows. */
  readonly #answerOf = new Map<LocalFlow, AnswerSocket>();

  /** @param socket what is caught comes to it; its tag becomes the host's. */
  constructor(host: IngressHost, socket: DatagramSocket, memory: FecMemory, trial: TrialServer, post: (event: CaptureEvent) => void) {
    this.#host = host;
    this.#listener = socket;
    this.#trial = trial;
    this.#post = post;
    this.#number = host.addIngress(this);
    this.#room = new WaitingRoom(memory);
    const tag = host.tagFor(this);
    socket.tag = tag;
    this.#answers = new AnswerSockets(host.engine, tag, (fd) => post({ type: 'answer-closed', fd }));
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    // The others only answer.
    if (socket !== this.#listener) return;
    const { offsets, lengths, ips, ports, locals, localPorts } = this.#host.engine.received;
    for (let i = 0; i < count; i++) {
      this.#take(ips[i], ports[i], locals[i], localPorts[i], offsets[i], lengths[i]);
    }
  }

  deliver(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void {
    const socket = this.#answerOf.get(flow)?.socket;
    if (socket === undefined) this.#host.counters.drops[LocalDrop.captureWaiting]++;
    else this.#host.engine.send(socket, offset, length, flow.sourceIp, flow.sourcePort);
  }

  /** The kernel carries it from now on; what was caught before that is sent by the helper. */
  carryDirect(flow: Flow, offset: ArenaOffset, length: ByteLength): void {
    const datagram = this.#host.engine.arena.bytes.slice(offset, offset + length);
    this.#post({ type: 'direct', flow: caughtFlow(flow), datagram });
  }

  /** Carries a datagram of a flow that has a way. */
  resume(flow: Flow, offset: ArenaOffset, length: ByteLength): void {
    if (flow.way !== WAY_DIRECT && !this.#isReady(flow, offset, length)) return;
    this.#host.carry(flow, offset, length);
  }

  flowClosed(flow: Flow): void {
    const answer = this.#answerOf.get(flow);
    if (answer === undefined) return;
    this.#answerOf.delete(flow);
    answer.flows--;
    if (answer.flows === 0 && answer.waiting === 0) this.#answers.close(answer);
  }

  /** Does what the half on the main thread wants. */
  obey({ serverIp, serverPort, fd }: CaptureCommand): void {
    const answer = this.#answers.find(serverIp, serverPort);
    if (answer === undefined) {
      if (fd !== undefined) this.#post({ type: 'answer-closed', fd });
      return;
    }
    this.#answers.open(answer, fd);
    for (const { owner, block, length } of this.#room.takeOut(answer)) {
      if (answer.isRefused) this.#host.counters.drops[LocalDrop.captureWaiting]++;
      else if (owner.flow !== undefined) this.#host.carry(owner.flow, block, length);
      else if (answer.socket !== undefined) this.#host.engine.send(answer.socket, block, length, owner.ip, owner.port);
    }
    if (answer.flows === 0) this.#answers.close(answer);
  }

  /** Everything given to the engine is sent. */
  sent(): void {
    this.#room.sent();
  }

  #take(ip: AddressHandle, port: Port, serverIp: AddressHandle, serverPort: Port, offset: ArenaOffset, length: ByteLength): void {
    if (serverPort === 0) {
      this.#host.counters.drops[LocalDrop.captureUnknown]++;
      return;
    }
    if (serverIp === this.#trial.ip && serverPort === this.#trial.port) {
      this.#wait({ flow: undefined, ip, port }, this.#answerFor(ip, port, serverIp, serverPort), offset, length);
      return;
    }
    const flow = this.#host.flowFor(this.#number, ip, port, serverIp, serverPort);
    if (flow === null) return;
    if (flow.way === WAY_ASKED) this.#host.carry(flow, offset, length);
    else this.resume(flow, offset, length);
  }

  /** Whether it can go now: answers to it can be delivered, or it goes directly. Otherwise its datagram waits. */
  #isReady(flow: Flow, offset: ArenaOffset, length: ByteLength): boolean {
    let answer = this.#answerOf.get(flow);
    if (answer === undefined || answer.isRefused) {
      const { sourceIp, sourcePort, destinationIp, destinationPort } = flow;
      if (this.#answers.find(destinationIp, destinationPort) === undefined && !this.#mayGoByNode(flow)) return true;
      answer = this.#answerFor(sourceIp, sourcePort, destinationIp, destinationPort);
      answer.flows++;
      this.#answerOf.set(flow, answer);
    }
    if (answer.socket !== undefined) return true;
    this.#wait({ flow, ip: flow.sourceIp, port: flow.sourcePort }, answer, offset, length);
    return false;
  }

  /** Whether the node takes a flow to a server with which nobody has spoken. Otherwise it goes directly. */
  #mayGoByNode(flow: Flow): boolean {
    const { sourceIp, sourcePort } = flow;
    const admitted = this.#newServers.admit(sourceIp, sourcePort, this.#host.engine.clockMs);
    if (admitted === NewServer.byNode) return true;
    flow.way = WAY_DIRECT;
    if (admitted === NewServer.ofBurst) this.#post({ type: 'peers', sourceIp, sourcePort });
    return false;
  }

  #wait(sender: Sender, answer: AnswerSocket, offset: ArenaOffset, length: ByteLength): void {
    if (!this.#room.add(sender, answer, answer.port, offset, length)) this.#host.counters.drops[LocalDrop.captureWaiting]++;
  }

  #answerFor(sourceIp: AddressHandle, sourcePort: Port, serverIp: AddressHandle, serverPort: Port): AnswerSocket {
    const known = this.#answers.find(serverIp, serverPort);
    if (known !== undefined) return known;
    this.#post({ type: 'answer-wanted', flow: { sourceIp, sourcePort, serverIp, serverPort } });
    return this.#answers.add(serverIp, serverPort);
  }
}

function caughtFlow({ sourceIp, sourcePort, destinationIp, destinationPort }: LocalFlow): CaughtFlow {
  return { sourceIp, sourcePort, serverIp: destinationIp, serverPort: destinationPort };
}
