import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import type { RunningNode } from '@lightspeed/proxy';
import { chooseEngine } from '@lightspeed/udp';
import type { SocketAddress } from '@lightspeed/wire';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pino } from 'pino';
import { ControlSockets } from '../src/control/control-sockets.ts';
import { eventually } from './support/eventually.ts';
import { registeredClient } from './support/registered-client.ts';
import { registrarNode } from './support/scene.ts';

/** Types of long headers (RFC 9000, section 17.2), with the bits of header form and fixed bit. */
const INITIAL = 0xc0;
const ZERO_RTT = 0xd0;
const HANDSHAKE = 0xe0;
const RETRY = 0xf0;
const SHORT_HEADER = 0x40;

/** A datagram that begins with a long header, with connection ids of 8 bytes and no token, and is zeros behind it. */
function longHeader(firstByte: number, lengthBytes: number, version = 1): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  bytes[0] = firstByte;
  new DataView(bytes.buffer).setUint32(1, version);
  bytes[5] = 8;
  bytes[14] = 8;
  return bytes;
}

class Stranger {
  /** First byte and length of each answer. */
  readonly answers: string[] = [];
  readonly #socket: Socket;
  readonly #to: SocketAddress;

  constructor(socket: Socket, to: SocketAddress) {
    this.#socket = socket;
    this.#to = to;
    socket.on('message', (message) => this.answers.push(`${(message[0] & 0xf0).toString(16)} ${message.length}`));
  }

  static async at({ controlAddress }: RunningNode): Promise<Stranger> {
    if (controlAddress === undefined) throw new Error('the node has no control plane');
    const socket = createSocket(controlAddress.host.includes(':') ? 'udp6' : 'udp4');
    onTestFinished(() => void socket.close());
    socket.bind(0);
    await once(socket, 'listening');
    return new Stranger(socket, controlAddress);
  }

  send(...datagrams: readonly Uint8Array[]): void {
    for (const datagram of datagrams) this.#socket.send(datagram, this.#to.port, this.#to.host);
  }
}

async function controlDrops({ httpAddress }: RunningNode): Promise<number> {
  const page = await (await fetch(`http://${httpAddress?.host}:${httpAddress?.port}/metrics`)).text();
  return Number(/^lightspeed_control_dropped_packets_total (\d+)$/m.exec(page)?.[1]);
}

describe.skipIf(chooseEngine('auto').kind !== 'batch')('a datagram to the control port', () => {
  it.each([
    ['127.0.0.1:0', 107],
    ['[::1]:0', 119],
  ])('that is too short to open a connection draws nothing, and is counted, at %s', async (controlBind, retryBytes) => {
    const node = await registrarNode({ controlBind, httpBind: '127.0.0.1:0' });
    const stranger = await Stranger.at(node);
    const tiny = Uint8Array.of(INITIAL, 0, 0, 0, 1, 0, 0, 0, 0, 0);
    const short = [
      tiny,
      longHeader(INITIAL, 43),
      longHeader(INITIAL, 1_199),
      longHeader(INITIAL - 0x40, 43),
      longHeader(HANDSHAKE, 1_199, 0x1a2a3a4a),
      longHeader(INITIAL, 43, 0),
      Uint8Array.of(INITIAL, 0),
      new Uint8Array(0),
    ];
    stranger.send(...short);
    // What comes behind them is answered, so all the others were not.
    stranger.send(longHeader(INITIAL, 1_200));
    await eventually(() => expect(stranger.answers).toHaveLength(1));
    expect(stranger.answers).toEqual([`f0 ${retryBytes}`]);
    expect(await controlDrops(node)).toBe(short.length);
  });

  it('that may belong to a connection passes, however short', async () => {
    const node = await registrarNode({ httpBind: '127.0.0.1:0' });
    const stranger = await Stranger.at(node);
    stranger.send(longHeader(HANDSHAKE, 40), longHeader(ZERO_RTT, 40), longHeader(RETRY, 40), Uint8Array.of(SHORT_HEADER));
    stranger.send(new Uint8Array(30).fill(SHORT_HEADER), longHeader(INITIAL, 1_300));
    await eventually(() => expect(stranger.answers).toHaveLength(1));
    expect(await controlDrops(node)).toBe(0);
  });

  it('does not keep clients out, however many come', async () => {
    const node = await registrarNode({ httpBind: '127.0.0.1:0' });
    const stranger = await Stranger.at(node);
    for (let i = 0; i < 500; i++) stranger.send(longHeader(INITIAL, 60));
    const client = await registeredClient(node);
    expect(client.ack.sessionId).toBeGreaterThan(0);
    await expect.poll(() => controlDrops(node)).toBe(500);
    expect(stranger.answers).toEqual([]);
  });
});

it('a filter that cannot be set is missed in the log, once, and nothing is counted', () => {
  const lines: string[] = [];
  const sockets = new ControlSockets(pino({ base: null }, { write: (line: string) => void lines.push(line) }));
  // Nobody here has these.
  for (const port of [1, 2]) sockets.guard({ host: '127.0.0.1', port });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toMatchObject({ level: 40, control: '127.0.0.1:1', why: expect.stringMatching(/socket/) as string });
  expect(sockets.drops).toBeUndefined();
});
