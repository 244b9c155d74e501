import { FEC_BLOCK_BYTES } from '@lightspeed/fec';
import { DEFAULT_RELAY_OPTIONS, RELAY_COUNTERS_BYTES, limitsBytes } from '@lightspeed/session';
import type { DatagramSocket } from '@lightspeed/udp';
import { UDP_COUNTERS_BYTES, createEngine } from '@lightspeed/udp';
import { TunnelHeader, isDropReason } from '@lightspeed/wire';
import { expect, it } from 'vitest';
import { DataPlane } from '../src/data-plane/data-plane.ts';
import { DataSockets } from '../src/data-plane/data-sockets.ts';
import { IdleEngine } from './support/idle-engine.ts';
import type { WorkerStart } from '../src/data-plane/messages.ts';
import { claimsMemory } from '../src/data-plane/session-claims.ts';
import { sessionQuotaMemory, sessionsOf } from '../src/data-plane/session-quota.ts';

/** Remembers what it was given to send, and whether that was flushed in time. */
class RecordingEngine extends IdleEngine {
  readonly sent: { readonly kind: string; readonly port: number }[] = [];
  queued = 0;
  mostQueued = 0;

  override send(_socket: DatagramSocket, offset: number, length = 0, _ip = 0, port = 0): void {
    const header = TunnelHeader.decode(this.arena.bytes.subarray(offset, offset + length));
    this.sent.push({ kind: isDropReason(header) ? 'no packet' : header.kind, port });
    this.mostQueued = Math.max(this.mostQueued, ++this.queued);
  }

  override flush(): void {
    this.queued = 0;
  }
}

it('says goodbye to more clients than it has memory to do at once', () => {
  const blocks = 3;
  const clients = 10;
  const engine = new RecordingEngine(createEngine('portable', { reserveBytes: blocks * FEC_BLOCK_BYTES }).arena);
  const start: WorkerStart = {
    index: 0,
    workers: 1,
    engine: 'portable',
    relay: { ...DEFAULT_RELAY_OPTIONS, admission: 'open' },
    policy: { allow: [], onlyAllowed: false, deny: [], ownPorts: [], ownAddresses: [] },
    challengeKey: new Uint8Array(32),
    data: { fd: undefined, ownFds: [], address: '127.0.0.1', port: 0, reusePort: false, bufferBytes: 0 },
    egress: { ip: 0, ports: undefined, bufferBytes: 0 },
    bans: [],
    registrations: [],
    snapshots: [],
    fecBlocks: blocks,
    shared: {
      relayCounters: new SharedArrayBuffer(RELAY_COUNTERS_BYTES),
      udpCounters: new SharedArrayBuffer(UDP_COUNTERS_BYTES),
      sessions: sessionQuotaMemory(1),
      claims: claimsMemory(0),
      limits: new SharedArrayBuffer(limitsBytes(2)),
      fdLedger: undefined,
    },
  };
  const data = engine.openNow();
  const dataPlane = new DataPlane(
    engine,
    new DataSockets(engine, data),
    null,
    start,
    () => undefined,
    () => undefined,
  );
  const hello = TunnelHeader.handshake(0, 1).encode();
  for (let client = 0; client < clients; client++) {
    engine.arena.bytes.set(hello, 64);
    engine.received.offsets[0] = 64;
    engine.received.lengths[0] = hello.length;
    engine.received.ips[0] = 0x0a00_0001;
    engine.received.ports[0] = 1_000 + client;
    dataPlane.onDatagrams(data, 1);
  }
  expect(sessionsOf(start.shared.sessions, 0)).toBe(clients);
  engine.sent.length = 0;
  engine.queued = 0;
  engine.mostQueued = 0;

  dataPlane.stop();
  const ports = Array.from({ length: clients }, (_, client) => 1_000 + client);
  expect(engine.sent).toEqual(ports.map((port) => ({ kind: 'fin', port })));
  // A block is not written again before its packet is with the kernel.
  expect(engine.mostQueued).toBe(blocks);
  expect(sessionsOf(start.shared.sessions, 0)).toBe(0);
});
