import { ADD_FULL, DATA_NEW, FecDecoder, FecEncoder, FecMemory, PARITY_RECOVERED } from '@lightspeed/fec';
import { B } from 'mitata';

const GROUP_SIZES = [2, 4, 8, 16];
const PAYLOAD_BYTES = [64, 256, 512, 1_024, 1_400];

/** Packets lie in as many blocks as a batch has slots: they come from the second-level cache, as after a system call. */
const PACKETS = 64;
/** As many groups as a decoder follows at a time. */
const GROUPS = 64;
/** Enough for all that is registered. */
const BLOCKS = 10_000;

/**
 * The timings of forward error correction in place, in the memory that an engine's arena would be:
 *
 * - `fec encode`: one packet through `begin` and `add`; the release of each group's parity is spread over its packets.
 * - `fec recover`: the last packet of a group, its parity, with all that follows from it: `parity` finds one packet
 *   missing, makes it, judges it, ends the group; then the packet's block is released. What the packets before have
 *   cost is left out.
 * - `fec decode`: a whole group, K - 1 data packets and the parity that makes the lost one, and the release.
 *
 * Best in a process of its own: V8 inlines the kernel's calls while there is one kernel, and each memory has its own.
 *
 * @param wanted which of them, by their names.
 */
export function fecBenches(wanted: RegExp): B[] {
  const memory = FecMemory.allocate(BLOCKS);
  const benches: B[] = [];
  const add = (name: string, timed: () => B) => {
    if (wanted.test(name)) benches.push(timed());
  };
  for (const groupSize of GROUP_SIZES) {
    for (const payloadBytes of PAYLOAD_BYTES) {
      const name = `fec encode K=${groupSize} ${payloadBytes} B`;
      add(name, () => new B(name, encode(memory, groupSize, payloadBytes)));
    }
  }
  for (const groupSize of GROUP_SIZES) {
    for (const payloadBytes of PAYLOAD_BYTES) {
      const recovering = `fec recover K=${groupSize} ${payloadBytes} B`;
      add(
        recovering,
        () =>
          new B(recovering, function* () {
            yield { manual: recover(memory, groupSize, payloadBytes) };
          }),
      );
      const decoding = `fec decode K=${groupSize} ${payloadBytes} B, a group`;
      add(decoding, () => new B(decoding, decode(memory, groupSize, payloadBytes)));
    }
  }
  return benches;
}

/** @returns a call that takes one packet. */
function encode(memory: FecMemory, groupSize: number, payloadBytes: number): () => void {
  const { packets } = prepare(memory, payloadBytes, groupSize);
  const encoder = new FecEncoder(groupSize, { memory });
  let next = 0;
  return () => {
    encoder.begin();
    if (encoder.add(packets[next], payloadBytes) === ADD_FULL) memory.release(encoder.parityOffset);
    next = (next + 1) % PACKETS;
  };
}

/** @returns a call that recovers one packet of each of 64 groups, and gives the nanoseconds that one has taken. */
function recover(memory: FecMemory, groupSize: number, payloadBytes: number): () => number {
  const { packets, parity } = prepare(memory, payloadBytes, groupSize);
  const decoder = new FecDecoder({ memory });
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
function decode(memory: FecMemory, groupSize: number, payloadBytes: number): () => void {
  const { packets, parity } = prepare(memory, payloadBytes, groupSize);
  const decoder = new FecDecoder({ memory });
  let groupId = 0;
  return () => {
    for (let index = 1; index < groupSize; index++) {
      decoder.data(groupId, index, groupSize, 0, packets[index], payloadBytes, 0);
    }
    decoder.parity(groupId, groupSize, 0, parity, payloadBytes + 2, 0);
    memory.release(decoder.recoveredOffset);
    groupId = (groupId + 1) & 0xffff;
  };
}

/** Packets in the arena, and the parity of the first `groupSize` of them. */
function prepare(memory: FecMemory, payloadBytes: number, groupSize: number): { packets: number[]; parity: number } {
  const packets = Array.from({ length: PACKETS }, (_, number) => {
    const packet = memory.take();
    for (let i = 0; i < payloadBytes; i++) memory.bytes[packet + i] = number * 31 + i * 7;
    return packet;
  });
  const encoder = new FecEncoder(groupSize, { memory });
  for (let index = 0; index < groupSize; index++) encoder.add(packets[index], payloadBytes);
  return { packets, parity: encoder.parityOffset };
}
