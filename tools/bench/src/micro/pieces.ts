import { ADD_FULL, GroupDecoder, GroupEncoder, FecMemory, PARITY_RECOVERED } from '@lightspeed/fec';
import { HEADER_BYTES, TAG_BYTES, VERSION_PLAIN, openPacket, sealPacket, writeHeader } from '@lightspeed/wire';
import { FEC_MEMORY, MemoryRelay } from './memory-relay.ts';
import type { MemoryRelayOptions } from './memory-relay.ts';

/** As many clients as there are packets in a batch. */
const BATCH = 64;

/** Pieces of the packet path by name: each call does one {@link OPERATIONS} times, for the call itself not to count. */
export type Pieces = Readonly<Record<string, () => void>>;

/** Operations per call of a piece. */
export const OPERATIONS = BATCH;

/**
 * Whole round trips through a relay, without any system call; its checks alone; and FEC. A packet that was here before
 * passes all checks but the last one.
 * @param quick of FEC only groups of four large packets.
 */
export function pieces(quick: boolean): Pieces {
  const kinds: readonly Omit<MemoryRelayOptions, 'clients'>[] = [
    {},
    { groupSize: 4 },
    { tagged: true },
    { agreed: 'reports' },
    { agreed: 'repeats' },
    {},
  ];
  const [plain, fec, tagged, reporting, repeating, again] = kinds.map((kind) => new MemoryRelay({ clients: BATCH, ...kind }));
  again.roundTrips(BATCH);
  const sizes = [2, 4, 8, 16].flatMap((groupSize) => [64, 256, 512, 1_024, 1_400].map((payloadBytes) => [groupSize, payloadBytes]));
  const wanted = quick ? [[4, 1_400]] : sizes;
  return {
    'relay: round trip of 120 bytes, version 1': () => plain.roundTrips(BATCH),
    'relay: round trip of 120 bytes, version 2, K=4': () => fec.roundTrips(BATCH),
    'relay: round trip of 120 bytes, version 3': () => tagged.roundTrips(BATCH),
    'relay: round trip of 120 bytes, version 1 with reports': () => reporting.roundTrips(BATCH),
    'relay: round trip of 120 bytes, each packet carries a repeat': () => repeating.roundTrips(BATCH),
    ...tagPieces(),
    'relay: all checks of a packet, up to the duplicate window': () => again.repeat(),
    ...Object.assign({}, ...wanted.map(([groupSize, payloadBytes]) => fecPieces(groupSize, payloadBytes))),
  };
}

/** What a tag costs the end that puts it on, and the one that takes it off: half of this each. */
function tagPieces(): Pieces {
  const memory = FecMemory.allocate(1);
  const { bytes, view } = memory;
  const packet = memory.take();
  writeHeader(bytes, packet, VERSION_PLAIN, 0, 1, 1, 1, 1, 1, 1, 1);
  const length = HEADER_BYTES + 120;
  const sealAndOpen = () => {
    for (let i = 0; i < BATCH; i++) {
      sealPacket(view, packet, length, i, 7);
      if (openPacket(view, packet - TAG_BYTES, length + TAG_BYTES, i, 7) !== 0) throw new Error('a right tag was refused');
    }
  };
  return { 'tag: put on a packet, and taken off again': sealAndOpen };
}

/**
 * Forward error correction in place, in the memory that an engine's arena would be. To encode is to take one packet in; the
 * release of each group's parity is spread over its packets. To decode takes a whole group of which the first is lost.
 */
function fecPieces(groupSize: number, payloadBytes: number): Pieces {
  const memory = FEC_MEMORY;
  const packets = Array.from({ length: BATCH }, (_, number) => {
    const packet = memory.take();
    for (let i = 0; i < payloadBytes; i++) memory.bytes[packet + i] = number * 31 + i * 7;
    return packet;
  });
  const encoder = new GroupEncoder(groupSize, { memory });
  const decoder = new GroupDecoder({ memory });
  for (const packet of packets.slice(0, groupSize)) encoder.add(packet, payloadBytes);
  const parity = encoder.parityOffset;
  let groupId = 0;
  const decode = () => {
    groupId = (groupId + 1) & 0xffff;
    for (let index = 1; index < groupSize; index++) decoder.data(groupId, index, groupSize, 0, packets[index], payloadBytes, 0);
    if (decoder.parity(groupId, groupSize, 0, parity, payloadBytes + 2, 0) !== PARITY_RECOVERED) throw new Error('nothing was recovered');
    memory.release(decoder.recoveredOffset);
  };
  const encode = (packet: number) => {
    encoder.begin();
    if (encoder.add(packet, payloadBytes) === ADD_FULL) memory.release(encoder.parityOffset);
  };
  const of = `K=${groupSize} ${payloadBytes} B`;
  return { [`fec encode ${of}`]: () => packets.forEach(encode), [`fec decode ${of}, a group`]: () => packets.forEach(decode) };
}
