import type { FecMemory } from '@lightspeed/fec';
import { explainBindErrno } from '@lightspeed/udp';
import type { DatagramSocket } from '@lightspeed/udp';
import type { DatagramReceiver, IngressHost } from '../ingress.ts';
import { AnswerCopies } from './answer-copies.ts';
import { SocksAssociation, dropOf } from './association.ts';
import type { AssociationHost } from './association.ts';
import type { SocksCommand, SocksMessage } from './messages.ts';
import { NameTable } from './names.ts';
import type { ServerName } from './names.ts';
import { WaitingRoom } from '../waiting-room.ts';

/** Most associations at once. */
export const MAX_ASSOCIATIONS = 64;
const BUFFER_BYTES = 512 * 1_024;

/** The half of a SOCKS5 server that has the UDP sockets, in the data-plane thread. */
export class SocksRelay implements AssociationHost, DatagramReceiver {
  readonly ingresses: IngressHost;
  readonly names: NameTable;
  readonly waitingRoom: WaitingRoom<SocksAssociation, ServerName>;
  readonly answers: AnswerCopies;
  readonly #post: (message: SocksMessage) => void;
  readonly #tag: number;
  /** By their sockets' ids. */
  readonly #associations: (SocksAssociation | null)[] = [];
  readonly #byId = new Map<number, SocksAssociation>();

  constructor(ingresses: IngressHost, memory: FecMemory, post: (message: SocksMessage) => void) {
    this.ingresses = ingresses;
    this.names = new NameTable((name) => post({ type: 'socks-resolve', name }));
    this.waitingRoom = new WaitingRoom(memory);
    this.answers = new AnswerCopies(memory);
    this.#post = post;
    this.#tag = ingresses.tagFor(this);
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    const association = this.#associations[socket.id];
    if (association?.socket === socket) association.onDatagrams(socket, count);
  }

  /** Everything given to the engine is sent. */
  sent(): void {
    this.waitingRoom.sent();
    this.answers.sent();
  }

  ipv6Refused(): void {
    this.#post({ type: 'socks-ipv6' });
  }

  /** Does what the half on the main thread wants. */
  obey(command: SocksCommand): void {
    if (command.type === 'socks-open') this.#open(command);
    else if (command.type === 'socks-close') this.#close(command.id);
    else this.#resolved(command);
  }

  #open({ id, ip, clientIp, clientPort }: Extract<SocksCommand, { type: 'socks-open' }>): void {
    const { engine } = this.ingresses;
    const socket =
      this.#byId.size < MAX_ASSOCIATIONS
        ? engine.openNow({ ip, port: 0, receiveBufferBytes: BUFFER_BYTES, sendBufferBytes: BUFFER_BYTES })
        : undefined;
    if (socket === undefined) {
      const reason =
        this.#byId.size < MAX_ASSOCIATIONS ? explainBindErrno(engine.lastOpenError) : `there are ${MAX_ASSOCIATIONS} associations already`;
      this.#post({ type: 'socks-refused', id, reason });
      return;
    }
    socket.tag = this.#tag;
    const association = new SocksAssociation(this, id, socket, clientIp, clientPort);
    this.#associations[socket.id] = association;
    this.#byId.set(id, association);
    this.#post({ type: 'socks-opened', id, port: socket.localPort });
  }

  #close(id: number): void {
    const association = this.#byId.get(id);
    if (association === undefined) return;
    this.#byId.delete(id);
    this.#associations[association.socket.id] = null;
    association.close();
  }

  #resolved({ name: text, ips, ipv6Only }: Extract<SocksCommand, { type: 'socks-resolved' }>): void {
    const { engine, counters } = this.ingresses;
    const name = this.names.answer(text, ips, ipv6Only, engine.clockMs);
    if (name === undefined) return;
    for (const { owner, port, block, length } of this.waitingRoom.takeOut(name)) {
      if (name.servers !== null && name.state === 'found') owner.carryToName(name.servers, port, block, length);
      else counters.drops[dropOf(name)]++;
    }
  }
}
