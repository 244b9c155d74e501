import { getHeapStatistics } from 'node:v8';
import { FEC_BLOCK_BYTES } from '@lightspeed/fec';
import { createEngine } from '@lightspeed/udp';
import type { DatagramSocket } from '@lightspeed/udp';
import {
  readDestinationIp,
  readDestinationPort,
  readFlags,
  readSequence,
  readSourceIp,
  readSourcePort,
  readVersion,
  writeHeader,
} from '@lightspeed/wire';
import { expect, it } from 'vitest';
import { TunnelDriver } from '../src/tunnel/driver.ts';
import { LOCAL_COUNTERS_BYTES, localCountersIn } from '../src/ingress/local-counters.ts';
import { writeSocksHeader } from '../src/ingress/socks/datagram.ts';
import { RulePolicy, WAY_DIRECT } from '../src/way/way-policy.ts';
import type { Command } from '../src/tunnel/messages.ts';
import { parseTunnelSettings } from '../src/settings/tunnel-settings.ts';
import { openTunnelSockets } from '../src/tunnel/sockets.ts';
import { openNodeAddresses, plainNodeTunnel } from '../src/run/start-tunnel.ts';
import { CounterBook } from '../src/tunnel/counter-book.ts';
import { LOOPBACK } from './support/test-node.ts';

/** Until V8 has compiled the path, which takes the longer the busier the machine is, every counter is boxed. */
const MOST_WINDOWS = 20;
const WINDOW_DATAGRAMS = 50_000;
const IN_FLIGHT = 64;
const PAYLOAD_BYTES = 120;
const TOKEN = 7;
/** Where the first datagrams lie. */
const FIRST = 64;
const NODE = 1_000;
const PROGRAM = 1_001;
/** Anything boxed once per datagram would cost 12 or more. */
const MOST_BYTES_PER_DATAGRAM = 2;

it.each<[number, 'port forward' | 'socks', 'node' | 'direct']>([
  [0, 'port forward', 'node'],
  [4, 'port forward', 'node'],
  [0, 'socks', 'node'],
  [0, 'port forward', 'direct'],
])(
  'the client carries datagrams without allocating, in FEC groups of %i, by ingress %s and way %s',
  async (fecGroupSize, ingressKind, way) => {
    const engine = createEngine('batch', { reserveBytes: 1_024 * FEC_BLOCK_BYTES });
    const node = await engine.open({ ip: LOOPBACK, port: 0 });
    const program = await engine.open({ ip: LOOPBACK, port: 0 });
    node.tag = NODE;
    program.tag = PROGRAM;
    const gameServer = { ip: LOOPBACK, port: way === 'direct' ? node.localPort : 9 };
    const nodeAddress = { host: '127.0.0.1', port: node.localPort };
    const parsed = parseTunnelSettings({
      node: nodeAddress,
      ingresses: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer }],
      fecGroupSize,
    });
    const { settings } = parsed;
    const sockets = await openTunnelSockets(engine, settings);
    const [ingress] = sockets.ingresses;
    let ingressPort = ingress.localPort;
    // A direct flow needs no node.
    let established = way === 'direct';
    const commands: Command[] = [];
    if (ingressKind === 'socks') {
      commands.push({ type: 'socks-open', id: 1, ip: LOOPBACK, clientIp: LOOPBACK, clientPort: program.localPort });
      engine.wake();
    }
    const driver = new TunnelDriver({
      engine,
      settings,
      sockets,
      nodeTunnels: [plainNodeTunnel(parsed, nodeAddress, await openNodeAddresses(nodeAddress, settings), new CounterBook())],
      via: undefined,
      policy: new RulePolicy(way === 'direct' ? [{ ip: 0, mask: 0, port: 0, way: WAY_DIRECT }] : []),
      counters: localCountersIn(new ArrayBuffer(LOCAL_COUNTERS_BYTES)),
      post: (message) => {
        established ||= message.type === 'event' && message.event === 'established';
        if (message.type === 'socks-opened') ingressPort = message.port;
      },
      takeCommand: () => commands.pop(),
    });
    const { bytes } = engine.arena;
    const { offsets, lengths, ips, ports } = engine.received;
    let datagrams = 0;
    let windows = 0;
    let windowFrom = 0;
    let usedBytes = getHeapStatistics().used_heap_size;
    let grownBytes = 0;
    let bytesPerDatagram = Number.POSITIVE_INFINITY;
    let started = false;

    /** A program's datagrams are at the start of memory, with a SOCKS5 header for who wants one. */
    if (ingressKind === 'socks') writeSocksHeader(bytes, FIRST, gameServer.ip, gameServer.port);

    /** A node and its game server in one: what comes goes back, addresses swapped. */
    function reflect(count: number): void {
      for (let i = 0; i < count; i++) {
        const at = offsets[i];
        writeHeader(
          bytes,
          at,
          readVersion(bytes, at),
          readFlags(bytes, at),
          TOKEN,
          readSequence(bytes, at),
          0,
          readDestinationIp(bytes, at),
          readDestinationPort(bytes, at),
          readSourceIp(bytes, at),
          readSourcePort(bytes, at),
        );
        engine.send(node, at, lengths[i], ips[i], ports[i]);
      }
    }

    function sendBack(socket: DatagramSocket, count: number): void {
      for (let i = 0; i < count; i++) engine.send(socket, offsets[i], lengths[i], ips[i], ports[i]);
    }

    try {
      await engine.run({
        onDatagrams(socket, count) {
          if (socket.tag === NODE && way === 'node') reflect(count);
          else if (socket.tag === NODE) sendBack(socket, count);
          else if (socket.tag === PROGRAM) {
            datagrams += count;
            sendBack(socket, count);
          } else driver.onDatagrams(socket, count);
        },
        onSent: () => driver.onSent(),
        onWake: () => driver.onWake(),
        onTick() {
          if (established && !started) {
            started = true;
            for (let i = 0; i < IN_FLIGHT; i++) engine.send(program, FIRST, PAYLOAD_BYTES, LOOPBACK, ingressPort);
          }
          const used = getHeapStatistics().used_heap_size;
          // A collection in between makes it shrink; what grew before counts all the same.
          if (used > usedBytes) grownBytes += used - usedBytes;
          usedBytes = used;
          if (datagrams - windowFrom >= WINDOW_DATAGRAMS) {
            bytesPerDatagram = grownBytes / (datagrams - windowFrom);
            if (bytesPerDatagram < MOST_BYTES_PER_DATAGRAM || ++windows === MOST_WINDOWS) engine.stop();
            windowFrom = datagrams;
            grownBytes = 0;
          }
          return Math.min(driver.onTick(), 20);
        },
      });
    } finally {
      engine.close();
    }
    expect(bytesPerDatagram).toBeLessThan(MOST_BYTES_PER_DATAGRAM);
  },
);
