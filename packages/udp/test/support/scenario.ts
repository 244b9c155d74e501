import type { DatagramEngine, DatagramHandler, DatagramSocket, EngineKind, EngineOptions } from '@lightspeed/udp';
import { createEngine } from '@lightspeed/udp';

export const LOOPBACK = 0x7f00_0001;
export const ENGINES: readonly EngineKind[] = ['batch', 'portable'];

/** Bytes of the arena's reserve in tests: room for a datagram longer than UDP allows. */
const RESERVE_BYTES = 128 * 1024;

const TICK_MS = 2;
const TIMEOUT_MS = 10_000;

export interface Arrival {
  readonly socket: DatagramSocket;
  readonly offset: number;
  readonly payload: Uint8Array;
  readonly ip: number;
  readonly port: number;
  /** The address, and for an intercepted datagram the port, that it was sent to, where the socket tells them. */
  readonly local: number;
  readonly localPort: number;
}

/** An engine that closes itself at the end of the block that declares it with `using`. */
export type TestEngine = DatagramEngine & Disposable;

export function testEngine(kind: EngineKind, options: EngineOptions = {}): TestEngine {
  const engine = createEngine(kind, { reserveBytes: RESERVE_BYTES, ...options });
  return Object.assign(engine, { [Symbol.dispose]: () => engine.close() });
}

export interface Scenario extends Partial<Omit<DatagramHandler, 'onTick'>> {
  /** Called every few milliseconds. */
  onTick?(): void;
  /** Called once inside the loop. */
  start?(): void;
  /** Called for each datagram; the payload is a copy. */
  arrived?(arrival: Arrival): void;
  /** Asked after every step: the loop ends when it says true. */
  done(): boolean;
}

/** Runs an engine until the scenario is done; rejects if that never comes. */
export async function play(engine: DatagramEngine, scenario: Scenario): Promise<void> {
  let started = false;
  let ticksLeft = TIMEOUT_MS / TICK_MS;
  const check = () => {
    if (started && scenario.done()) engine.stop();
  };
  await engine.run({
    onDatagrams(socket, count) {
      scenario.onDatagrams?.(socket, count);
      for (let index = 0; index < count; index++) scenario.arrived?.(arrival(engine, socket, index));
      check();
    },
    onSent() {
      scenario.onSent?.();
    },
    onWake() {
      scenario.onWake?.();
      check();
    },
    onLost(socket) {
      scenario.onLost?.(socket);
      check();
    },
    onTick() {
      if (!started) {
        started = true;
        scenario.start?.();
      }
      scenario.onTick?.();
      check();
      if (ticksLeft-- === 0) throw new Error('the scenario did not come to its end');
      return TICK_MS;
    },
  });
}

function arrival(engine: DatagramEngine, socket: DatagramSocket, index: number): Arrival {
  const { offsets, lengths, ips, ports, locals, localPorts } = engine.received;
  const offset = offsets[index];
  const payload = engine.arena.bytes.slice(offset, offset + lengths[index]);
  const from = { ip: ips[index], port: ports[index] };
  return { socket, offset, payload, ...from, local: locals[index], localPort: localPorts[index] };
}

/** Writes a payload into the reserve and queues it. */
export function sendBytes(engine: DatagramEngine, from: DatagramSocket, to: { localPort: number }, payload: Uint8Array, at = 0): void {
  const offset = engine.arena.reserve.start + at;
  engine.arena.bytes.set(payload, offset);
  engine.send(from, offset, payload.length, LOOPBACK, to.localPort);
}

/** Bytes that differ from place to place and from seed to seed. */
export function pattern(lengthBytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, index) => (index * 31 + seed * 7 + (index >>> 8)) & 0xff);
}

/** The handle of an address that is one. */
export function handleOf(engine: DatagramEngine, text: string): number {
  const handle = engine.addresses.parse(text);
  if (handle === undefined) throw new Error(`${text} is no address`);
  return handle;
}
