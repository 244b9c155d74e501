import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '@lightspeed/netem';
import { chooseEngine, createEngine } from '@lightspeed/udp';
import type { DatagramSocket } from '@lightspeed/udp';
import { FLAG_FIN, FLAG_HANDSHAKE, HEADER_BYTES, readFlags, readToken } from '@lightspeed/wire';
import { AttackFigure } from './attack-plan.ts';
import type { AttackPlan } from './attack-plan.ts';
import type { EngineThreadData } from './engine-thread.ts';
import { writeHandshake, writeHostileDatagram } from './hostile-datagrams.ts';

const LONGEST_UDP_BYTES = 65_507;
/** An attacker that knows no token asks for a session so often. */
const ASK_EVERY = 50;
const MOST_PER_TURN = 32;

const plan = workerData as AttackPlan & EngineThreadData;
const stop = new Int32Array(plan.stopFlag);
const figures = new Float64Array(plan.figures);
const random = new Random(plan.seed);
const engine = createEngine(chooseEngine(plan.io).kind, { reserveBytes: 4 * LONGEST_UDP_BYTES });
const { arena, received, counters } = engine;

/** The state of each attacker: its number is its socket's tag. */
const sockets: DatagramSocket[] = [];
for (const ip of plan.sourceIps) {
  const socket = await engine.open({ ip, port: 0 });
  socket.tag = sockets.length;
  sockets.push(socket);
}
const tokens = new Uint8Array(sockets.length);
const sequences = new Int32Array(sockets.length);
let reserveUsed = 0;
let startMs: number | undefined;
let tried = 0;
parentPort?.postMessage(null);

await engine.run({
  onDatagrams(socket, count) {
    figures[AttackFigure.answers] += count;
    for (let index = 0; index < count; index++) learn(socket.tag, received.offsets[index], received.lengths[index]);
  },
  onSent() {
    reserveUsed = 0;
  },
  onWake() {},
  onTick() {
    publish();
    if (Atomics.load(stop, 0) !== 0) {
      engine.stop();
      return 1;
    }
    startMs ??= engine.clockMs;
    const due = (((engine.clockMs - startMs) | 0) * plan.datagramsPerSecond) / 1_000;
    const most = tried + MOST_PER_TURN;
    for (; tried < due && tried < most; tried++) attack(tried % sockets.length);
    return 1;
  },
});
publish();
engine.close();

/** An acknowledgement carries the session's token, a FIN means that there is none any more. */
function learn(attacker: number, offset: number, length: number): void {
  if (length < HEADER_BYTES) return;
  const flags = readFlags(arena.bytes, offset);
  if (flags === FLAG_FIN) tokens[attacker] = 0;
  if (flags !== FLAG_HANDSHAKE || tokens[attacker] !== 0) return;
  tokens[attacker] = readToken(arena.bytes, offset);
  figures[AttackFigure.sessions]++;
}

function attack(attacker: number): void {
  if (reserveUsed + LONGEST_UDP_BYTES > arena.reserve.lengthBytes) {
    engine.flush();
    reserveUsed = 0;
  }
  const offset = arena.reserve.start + reserveUsed;
  const sequence = ++sequences[attacker];
  const asks = tokens[attacker] === 0 && sequence % ASK_EVERY === 0;
  const length = asks
    ? writeHandshake(arena.bytes, offset, engine.clockUs)
    : writeHostileDatagram(arena.bytes, offset, random, {
        token: tokens[attacker],
        sequence,
        server: plan.server,
        longestDatagramBytes: plan.longestDatagramBytes,
      });
  reserveUsed += length;
  if (length > plan.longestDatagramBytes) figures[AttackFigure.oversized]++;
  engine.send(sockets[attacker], offset, length, plan.node.ip, plan.node.port);
}

function publish(): void {
  figures[AttackFigure.sent] = counters.get('datagrams_sent');
  figures[AttackFigure.unsent] =
    counters.get('send_would_block') + counters.get('send_no_buffers') + counters.get('send_too_big') + counters.get('send_failed');
}
