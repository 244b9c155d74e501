import { ADD_FULL, DATA_NEW, GroupDecoder, GroupEncoder, FecMemory, PARITY_RECOVERED } from '@lightspeed/fec';
import type { Piece } from './time-piece.ts';

const GROUP_SIZES = [2, 4, 8, 16];
const PAYLOAD_BYTES = [64, 256, 512, 1_024, 1_400];
/** Packets lie in as many blocks as a batch has slots: they come from the second-level cache, as after a system call. */
const PACKETS = 64;
/** As many groups as a decoder follows at a time. */
const GROUPS = 64;
const BLOCKS = 200;

/**
 * Forward error correction in place, in the memory that an engine's arena would be:
 *
 * - `fec encode`: one packet through `begin` and `add`; the release of each group's parity is spread over its packets.
 * - `fec recover`: the last packet of a group, its parity, with all that follows from it: `parity` finds one packet
 *   missing, makes it, judges it, ends the group; then the packet's block is released. What the packets before have
 *   cost is left out.
 * - `fec decode`: a whole group, K - 1 data packets and the parity that makes the lost one, and the release.
 *
 * @param quick only groups of four large packets.
 */
export function fecPieces(quick: boolean): Piece[] {
  const sizes = GROUP_SIZES.flatMap((groupSize) => PAYLOAD_BYTES.map((payloadBytes) => ({ groupSize, payloadBytes })));
  const wanted = quick ? sizes.filter(({ groupSize, payloadBytes }) => groupSize === 4 && payloadBytes === 1_400) : sizes;
  return wanted.flatMap(({ groupSize, payloadBytes }) => {
    const of = `K=${groupSize} ${payloadBytes} B`;
    return [
      { name: `fec encode ${of}`, operations: 1, run: encode(groupSize, payloadBytes) },
      { name: `fec recover ${of}`, operations: 1, run: recover(groupSize, payloadBytes), timesItself: true },
      { name: `fec decode ${of}, a group`, operations: 1, run: decode(groupSize, payloadBytes) },
    ];
  });
}

/** @returns a call that takes one packet. */
function encode(groupSize: number, payloadBytes: number): () => void {
  const { memory, packets } = prepare(payloadBytes, groupSize);
  const encoder = new GroupEncoder(groupSize, { memory });
  let next = 0;
  return () => {
    encoder.begin();
    if (encoder.add(packets[next], payloadBytes) === ADD_FULL) memory.release(encoder.parityOffset);
    next = (next + 1) % PACKETS;
  };
}

/** @returns a call that recovers one packet of each of 64 groups, and gives the nanoseconds that one has taken. */
function recover(groupSize: number, payloadBytes: number): () => number {
  const { memory, packets, parity } = prepare(payloadBytes, groupSize);
  const decoder = new GroupDecoder({ memory });
  let groupId = 0;
  return () => {
    for (let group = 0; group < GROUPS; group++) {
      for (let index = 1; index < groupSize; index++) {
        const taken = decoder.data((groupId + group) & 0xffff, index, groupSize, 0, packets[index], payloadBytes, 0);
        if (taken !== DATA_NEW) throw new Error('a packet was not taken as new');
      }
    }
    let recovered = 0;
    const startMs = performance.now();
    for (let group = 0; group < GROUPS; group++) {
      recovered += decoder.parity((groupId + group) & 0xffff, groupSize, 0, parity, payloadBytes + 2, 0);
      memory.release(decoder.recoveredOffset);
    }
    const elapsedMs = performance.now() - startMs;
    if (recovered !== GROUPS * PARITY_RECOVERED) throw new Error('a group was not recovered');
    groupId = (groupId + GROUPS) & 0xffff;
    return (elapsedMs * 1e6) / GROUPS;
  };
}

/** @returns a call that takes one group of which the first packet is lost. */
function decode(groupSize: number, payloadBytes: number): () => void {
  const { memory, packets, parity } = prepare(payloadBytes, groupSize);
  const decoder = new GroupDecoder({ memory });
  let groupId = 0;
  return () => {
    for (let index = 1; index < groupSize; index++) decoder.data(groupId, index, groupSize, 0, packets[index], payloadBytes, 0);
    decoder.parity(groupId, groupSize, 0, parity, payloadBytes + 2, 0);
    memory.release(decoder.recoveredOffset);
    groupId = (groupId + 1) & 0xffff;
  };
}

/** Packets in memory, and the parity of the first `groupSize` of them. */
function prepare(payloadBytes: number, groupSize: number) {
  const memory = FecMemory.allocate(BLOCKS);
  const packets = Array.from({ length: PACKETS }, (_, number) => {
    const packet = memory.take();
    for (let i = 0; i < payloadBytes; i++) memory.bytes[packet + i] = number * 31 + i * 7;
    return packet;
  });
  const encoder = new GroupEncoder(groupSize, { memory });
  for (let index = 0; index < groupSize; index++) encoder.add(packets[index], payloadBytes);
  return { memory, packets, parity: encoder.parityOffset };
}
