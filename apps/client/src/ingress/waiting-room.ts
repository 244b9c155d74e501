import { FEC_BLOCK_CONTENT_BYTES } from '@lightspeed/fec';
import type { FecMemory } from '@lightspeed/fec';
import type { ArenaOffset, ByteLength, Port } from '@lightspeed/wire';

/** Most datagrams that wait at once, for one thing and in all. */
const MAX_WAITING_FOR_ONE = 8;
const MAX_WAITING = 64;

/** What datagrams wait for. */
export interface Awaited {
  /** How many wait for it. */
  waiting: number;
}

/** A datagram that waits: for the address of its game server's name, or for the socket of its answers. */
export interface WaitingDatagram<Owner, Thing> {
  readonly owner: Owner;
  readonly thing: Thing;
  /** Of the game server. */
  readonly port: Port;
  /** Its payload: a block of the memory, with room in front. */
  readonly block: number;
  readonly length: ByteLength;
}

/** The first datagrams to game servers for which something has to be found out or made, in blocks of the memory. */
export class WaitingRoom<Owner, Thing extends Awaited> {
  readonly #memory: FecMemory;
  #waiting: WaitingDatagram<Owner, Thing>[] = [];
  /** Blocks that are given back once what is queued is sent. */
  #leaving: number[] = [];

  constructor(memory: FecMemory) {
    this.#memory = memory;
  }

  /** @returns false if there is no room for it. */
  add(owner: Owner, thing: Thing, port: Port, offset: ArenaOffset, length: ByteLength): boolean {
    const full = this.#waiting.length + this.#leaving.length >= MAX_WAITING || thing.waiting >= MAX_WAITING_FOR_ONE;
    const block = full || length > FEC_BLOCK_CONTENT_BYTES ? -1 : this.#memory.take();
    if (block < 0) return false;
    this.#memory.bytes.copyWithin(block, offset, offset + length);
    this.#waiting.push({ owner, thing, port, block, length });
    thing.waiting++;
    return true;
  }

  /** Takes out those that wait for a thing. Their blocks stay theirs until {@link sent}. */
  takeOut(thing: Thing): WaitingDatagram<Owner, Thing>[] {
    return this.#takeOutWhere((waiting) => waiting.thing === thing);
  }

  /** Forgets those of an owner. */
  forget(owner: Owner): void {
    this.#takeOutWhere((waiting) => waiting.owner === owner);
  }

  /** Everything given to the engine is sent. */
  sent(): void {
    for (let block = this.#leaving.pop(); block !== undefined; block = this.#leaving.pop()) this.#memory.release(block);
  }

  #takeOutWhere(leaves: (waiting: WaitingDatagram<Owner, Thing>) => boolean): WaitingDatagram<Owner, Thing>[] {
    const out = this.#waiting.filter(leaves);
    if (out.length === 0) return out;
    this.#waiting = this.#waiting.filter((waiting) => !leaves(waiting));
    for (const { thing, block } of out) {
      thing.waiting--;
      this.#leaving.push(block);
    }
    return out;
  }
}
