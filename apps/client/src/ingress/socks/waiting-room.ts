import { FEC_BLOCK_CONTENT_BYTES } from '@lightspeed/fec';
import type { FecMemory } from '@lightspeed/fec';
import type { ArenaOffset, ByteLength, Port } from '@lightspeed/wire';
import type { ServerName } from './names.ts';

/** Most datagrams that wait at once, for one name and in all. */
const MAX_WAITING_PER_NAME = 8;
const MAX_WAITING = 64;

/** A datagram that waits for the address of its game server's name. */
export interface WaitingDatagram<Association> {
  readonly association: Association;
  readonly name: ServerName;
  readonly port: Port;
  /** Its payload: a block of the memory, with room in front. */
  readonly block: number;
  readonly length: ByteLength;
}

/** The first datagrams to names whose addresses are not known yet, in blocks of the memory. */
export class WaitingRoom<Association> {
  readonly #memory: FecMemory;
  #waiting: WaitingDatagram<Association>[] = [];
  /** Blocks that are given back once what is queued is sent. */
  #leaving: number[] = [];

  constructor(memory: FecMemory) {
    this.#memory = memory;
  }

  /** @returns false if there is no room for it. */
  add(association: Association, name: ServerName, port: Port, offset: ArenaOffset, length: ByteLength): boolean {
    const full = this.#waiting.length + this.#leaving.length >= MAX_WAITING || name.waiting >= MAX_WAITING_PER_NAME;
    const block = full || length > FEC_BLOCK_CONTENT_BYTES ? -1 : this.#memory.take();
    if (block < 0) return false;
    this.#memory.bytes.copyWithin(block, offset, offset + length);
    this.#waiting.push({ association, name, port, block, length });
    name.waiting++;
    return true;
  }

  /** Takes out those that wait for a name. Their blocks stay theirs until {@link sent}. */
  takeOut(name: ServerName): WaitingDatagram<Association>[] {
    return this.#takeOutWhere((waiting) => waiting.name === name);
  }

  /** Forgets those of an association. */
  forget(association: Association): void {
    this.#takeOutWhere((waiting) => waiting.association === association);
  }

  /** Everything given to the engine is sent. */
  sent(): void {
    for (let block = this.#leaving.pop(); block !== undefined; block = this.#leaving.pop()) this.#memory.release(block);
  }

  #takeOutWhere(leaves: (waiting: WaitingDatagram<Association>) => boolean): WaitingDatagram<Association>[] {
    const out = this.#waiting.filter(leaves);
    if (out.length === 0) return out;
    this.#waiting = this.#waiting.filter((waiting) => !leaves(waiting));
    for (const { name, block } of out) {
      name.waiting--;
      this.#leaving.push(block);
    }
    return out;
  }
}
