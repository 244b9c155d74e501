import { FecDecoder, FecEncoder, FecMemory, xorInto } from '@lightspeed/fec';
import { DuplicateWindow } from '@lightspeed/session';
import { TunnelHeader, checkPacket, readSequence, readTimestampUs, writeHeader } from '@lightspeed/wire';
import { do_not_optimize, measure } from 'mitata';
import { MemoryRelay } from './memory-relay.ts';

/** One timing: nanoseconds per operation. */
export interface MicroResult {
  readonly name: string;
  readonly medianNs: number;
  readonly p99Ns: number;
}

const HEADER = TunnelHeader.data(42, 1_000_000, { ip: 0xc0a80164, port: 12345 }, { ip: 0x681a0132, port: 7777 });

/** Times the pieces of the packet path, one at a time. `minMs` is how long each is run at least. */
export async function measureMicro(minMs: number, onProgress: (name: string) => void): Promise<MicroResult[]> {
  const results: MicroResult[] = [];
  for (const [name, operations, run] of pieces()) {
    onProgress(name);
    const stats = await measure(run, { min_cpu_time: minMs * 1e6 });
    results.push({ name, medianNs: stats.p50 / operations, p99Ns: stats.p99 / operations });
  }
  return results;
}

/** Name, operations per call, call. Several operations a call keep the cost of the call itself out of the figure. */
function* pieces(): Generator<[string, number, () => void]> {
  const packet = HEADER.encode();
  yield ['header: decode in place', 100, () => {
    let sum = 0;
    for (let i = 0; i < 100; i++) sum += checkPacket(packet, 0, 20, 'standard') + readSequence(packet, 0) + readTimestampUs(packet, 0);
    do_not_optimize(sum);
  }];
  yield ['header: encode in place', 100, () => {
    for (let i = 0; i < 100; i++) writeHeader(packet, 0, 1, 0, 7, i, 1_000_000, 1, 2, 3, 4);
    do_not_optimize(packet);
  }];
  yield ['header: decode as an object', 1, () => do_not_optimize(TunnelHeader.decode(packet))];
  yield ['header: encode an object', 1, () => do_not_optimize(HEADER.encode())];

  const window = new DuplicateWindow();
  let sequence = 0;
  yield ['duplicate window', 100, () => {
    for (let i = 0; i < 100; i++) window.accept((sequence = (sequence + 1) & 0xffff));
  }];
  for (const bytes of [64, 256, 512, 1_024, 1_400]) yield xor(bytes);
  for (const bytes of [256, 1_400]) {
    yield encode(bytes);
    yield recover(bytes);
  }
  for (const groupSize of [0, 4]) {
    const relay = new MemoryRelay(100, groupSize, 120);
    yield [`relay: round trip of 120 bytes, 100 clients, ${groupSize === 0 ? 'version 1' : 'version 2, K=4'}`, 100, () => {
      relay.roundTrips(100);
    }];
  }
}

function xor(bytes: number): [string, number, () => void] {
  const view = new DataView(new ArrayBuffer(4_096));
  return [`xor of ${bytes} bytes`, 1, () => {
    xorInto(view, 0, view, 2_048, bytes);
  }];
}

function encode(bytes: number): [string, number, () => void] {
  const memory = FecMemory.allocate(4);
  const packet = memory.take();
  const encoder = new FecEncoder(4, { memory });
  return [`FEC: encode a packet of ${bytes} bytes, K=4`, 4, () => {
    for (let i = 0; i < 4; i++) {
      encoder.begin();
      encoder.add(packet, bytes);
    }
    memory.release(encoder.parityOffset);
  }];
}

function recover(bytes: number): [string, number, () => void] {
  const memory = FecMemory.allocate(8);
  const packet = memory.take();
  memory.bytes.fill(7, packet, packet + bytes);
  const encoder = new FecEncoder(4, { memory });
  for (let i = 0; i < 4; i++) {
    encoder.begin();
    encoder.add(packet, bytes);
  }
  const decoder = new FecDecoder({ memory });
  let groupId = 0;
  return [`FEC: a whole group of ${bytes} bytes with one loss, K=4`, 1, () => {
    groupId = (groupId + 1) & 0xffff;
    for (let index = 0; index < 3; index++) decoder.data(groupId, index, 4, 0, packet, bytes, 0);
    decoder.parity(groupId, 4, 0, encoder.parityOffset, encoder.parityLength, 0);
    memory.release(decoder.recoveredOffset);
  }];
}
