import { FEC_BLOCK_BYTES, FecMemory } from '@lightspeed/fec';
import type { DatagramSocket } from '@lightspeed/udp';
import { expect, it } from 'vitest';
import { Flow } from '../src/ingress/ingress.ts';
import type { IngressHost } from '../src/ingress/ingress.ts';
import { LOCAL_COUNTERS_BYTES, localCountersIn } from '../src/ingress/local-counters.ts';
import { SOCKS_HEADER_BYTES } from '../src/ingress/socks/datagram.ts';
import { SocksRelay } from '../src/ingress/socks/relay.ts';

const BLOCKS = 4;
const PAYLOAD_BYTES = 64;
const BLOCK_HEAD_BYTES = 4;
/** Behind a packet's header. */
const OWN = 200;
const REPEATED = OWN + PAYLOAD_BYTES + BLOCK_HEAD_BYTES;

/** A SOCKS5 server's half in the data plane, whose engine sends when it is told to, as engines do. */
function relayWithQueue() {
  const start = 1_024;
  const bytes = new Uint8Array(start + BLOCKS * FEC_BLOCK_BYTES);
  const memory = new FecMemory(bytes, start, BLOCKS * FEC_BLOCK_BYTES);
  const queue: [offset: number, length: number][] = [];
  const socket = { id: 0, tag: 0, localPort: 5_000, close: () => undefined } as unknown as DatagramSocket;
  const counters = localCountersIn(new SharedArrayBuffer(LOCAL_COUNTERS_BYTES));
  const engine = {
    arena: { bytes },
    openNow: () => socket,
    send: (_to: unknown, offset: number, length: number) => queue.push([offset, length]),
  };
  let deliver: ((flow: Flow, offset: number, length: number) => void) | undefined;
  const host = {
    engine,
    counters,
    tagFor: () => 1,
    addIngress: (ingress: { deliver: NonNullable<typeof deliver> }) => {
      deliver = (flow, offset, length) => ingress.deliver(flow, offset, length);
      return 0;
    },
  } as unknown as IngressHost;
  const relay = new SocksRelay(host, memory, () => undefined);
  relay.obey({ type: 'socks-open', id: 1, ip: 0, clientIp: 0, clientPort: 6_000 });
  const sent = () => {
    const datagrams = queue.splice(0).map(([offset, length]) => bytes.slice(offset, offset + length));
    relay.sent();
    return datagrams;
  };
  return {
    bytes,
    memory,
    counters,
    sent,
    deliver: (offset: number, length: number) => deliver?.(new Flow(0, 0, 6_000, 0, 7_000), offset, length),
  };
}

it('answers of one packet, its own and one that it repeats, reach the program as they were', () => {
  const { bytes, sent, deliver, memory } = relayWithQueue();
  bytes.fill(0xaa, OWN, OWN + PAYLOAD_BYTES);
  bytes.fill(0xbb, REPEATED, REPEATED + PAYLOAD_BYTES);
  for (let round = 0; round < 3 * BLOCKS; round++) {
    deliver(REPEATED, PAYLOAD_BYTES);
    deliver(OWN, PAYLOAD_BYTES);
    const payloads = sent().map((frame) => frame.slice(SOCKS_HEADER_BYTES));
    expect(payloads).toEqual([new Uint8Array(PAYLOAD_BYTES).fill(0xbb), new Uint8Array(PAYLOAD_BYTES).fill(0xaa)]);
  }
  expect(memory.available).toBe(BLOCKS);
});

it('an answer for which there is no room is a counted drop', () => {
  const { sent, deliver, counters } = relayWithQueue();
  for (let nth = 0; nth <= BLOCKS; nth++) deliver(OWN, PAYLOAD_BYTES);
  expect(sent()).toHaveLength(BLOCKS);
  expect(counters.drops.reduce((sum, drops) => sum + drops, 0)).toBe(1);
});
