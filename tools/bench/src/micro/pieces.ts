import { ADD_FULL, DATA_NEW, FecDecoder, FecEncoder, FecMemory, PARITY_RECOVERED } from '@lightspeed/fec';
import { MemoryRelay } from './memory-relay.ts';

/** A piece of the packet path. */
export interface Piece {
  readonly name: string;
  /** Operations per call: several keep the cost of the call itself out of the figure. */
  readonly operations: number;
  readonly run: () => void;
  /** What comes before each call and does not count. */
  readonly before?: (() => void) | undefined;
}

/** As many as a batch has slots: they come from the second-level cache, as after a system call. */
const PACKETS = 64;
const CLIENTS = 100;

/** Whole round trips, the checks of admission, and FEC. @param quick of FEC only groups of four large packets. */
export function pieces(quick: boolean): Piece[] {
  const fec = [2, 4, 8, 16].flatMap((groupSize) => [64, 256, 512, 1_024, 1_400].map((bytes) => [groupSize, bytes] as const));
  const wanted = fec.filter(([groupSize, bytes]) => !quick || (groupSize === 4 && bytes === 1_400));
  return [...relays(), ...wanted.flatMap(([groupSize, bytes]) => fecPieces(groupSize, bytes))];
}

/** Calls something for each packet of a batch. */
function perPacket(name: string, call: (packet: number) => void, before?: () => void): Piece {
  const run = () => {
    for (let packet = 0; packet < PACKETS; packet++) call(packet);
  };
  return { name, operations: PACKETS, run, before };
}

/** Whole round trips through a relay, four packets each, and its checks alone; without any system call. */
function relays(): Piece[] {
  const [plain, fec, again] = [0, 4, 0].map((groupSize) => new MemoryRelay({ clients: CLIENTS, groupSize }));
  again.roundTrips(CLIENTS);
  return [
    { name: 'relay: round trip of 120 bytes, version 1', operations: CLIENTS, run: () => plain.roundTrips(CLIENTS) },
    { name: 'relay: round trip of 120 bytes, version 2, K=4', operations: CLIENTS, run: () => fec.roundTrips(CLIENTS) },
    // A packet that was here before passes every check of a session's packets before it is refused.
    { name: 'relay: all checks of a packet, up to the duplicate window', operations: CLIENTS, run: () => again.repeat() },
  ];
}

/**
 * Forward error correction in place, in the memory that an engine's arena would be:
 *
 * - `fec encode`: one packet through `begin` and `add`; the release of each group's parity is spread over its packets.
 * - `fec recover`: the parity that comes last, and all that follows from it, for the packet of its group that is lost.
 * - `fec decode`: a whole group, K - 1 data packets and the parity that makes the lost one, and the release.
 */
function fecPieces(groupSize: number, payloadBytes: number): Piece[] {
  const memory = FecMemory.allocate(4 * PACKETS);
  const packets = Array.from({ length: PACKETS }, (_, number) => {
    const packet = memory.take();
    for (let i = 0; i < payloadBytes; i++) memory.bytes[packet + i] = number * 31 + i * 7;
    return packet;
  });
  const encoder = new FecEncoder(groupSize, { memory });
  const decoder = new FecDecoder({ memory });
  let firstGroup = 0;
  for (let index = 0; index < groupSize; index++) encoder.add(packets[index], payloadBytes);
  const parity = encoder.parityOffset;
  const next = () => void (firstGroup = (firstGroup + PACKETS) & 0xffff);
  const receive = (group: number) => {
    for (let index = 1; index < groupSize; index++) {
      const taken = decoder.data(firstGroup + group, index, groupSize, 0, packets[index], payloadBytes, 0);
      if (taken !== DATA_NEW) throw new Error('a packet was not taken as new');
    }
  };
  const recover = (group: number) => {
    const recovered = decoder.parity(firstGroup + group, groupSize, 0, parity, payloadBytes + 2, 0);
    if (recovered !== PARITY_RECOVERED) throw new Error('a group was not recovered');
    memory.release(decoder.recoveredOffset);
  };
  const of = `K=${groupSize} ${payloadBytes} B`;
  return [
    perPacket(`fec encode ${of}`, (packet) => {
      encoder.begin();
      if (encoder.add(packets[packet], payloadBytes) === ADD_FULL) memory.release(encoder.parityOffset);
    }),
    perPacket(`fec recover ${of}`, recover, () => {
      next();
      for (let group = 0; group < PACKETS; group++) receive(group);
    }),
    perPacket(
      `fec decode ${of}, a group`,
      (group) => {
        receive(group);
        recover(group);
      },
      next,
    ),
  ];
}
