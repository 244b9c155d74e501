import { setTimeout } from 'node:timers/promises';
import { MessageType } from '@lightspeed/control';
import { Random } from '@lightspeed/netem';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { LossyLink } from '../lossy-link.ts';
import { openLoopbackSocket } from '../loopback-socket.ts';
import { PING_FRAME, halfFrame, hopelessRegister, hostileDatagram, hostileLength, misplacedFrame, noise } from './garbage-bytes.ts';
import { GarbageTally, openHostileSession } from './hostile-session.ts';
import type { HostileSession } from './hostile-session.ts';

/** What one hostile process is to do. */
export interface GarbagePlan {
  readonly kind: GarbageKind;
  readonly control: Endpoint;
  /** An address of loopback that nobody else has: a node limits connections by address. */
  readonly fromIp: number;
  readonly seed: number;
  readonly seconds: number;
}

/** A hostile process at work: what it counts, and when it has to stop. */
interface Peer extends GarbagePlan {
  readonly tally: GarbageTally;
  readonly stop: AbortSignal;
}

/** One connection, used until the node or the time ends it. */
type Misuse = (session: HostileSession, random: Random, peer: Peer) => Promise<void>;

/** Connections of one process that do the same at the same time. */
const AT_ONCE = 4;
const DEAF = 24;
const DEAF_WINDOW_BYTES = 2_000;
/** So that it asks as often as a node lets a connection do in the long run. */
const DEAF_PAUSE_MS = 8;
const ABANDONED_AT_ONCE = 16;
const ANSWER_MS = 2_000;
const PAUSE_MS = 50;
const DATAGRAMS_PER_TURN = 64;
const TURN_MS = 10;

const KINDS = {
  /** Opens as many streams as it may and fills them with random bytes. */
  noise: misusing(fillStreams(noise)),
  /** Sends the first half of a message, and ends the stream, resets it, or leaves it. */
  halves: misusing(fillStreams(halfFrame)),
  /** Sends lengths that are 0, too large, or not those of what follows. */
  lengths: misusing(fillStreams(hostileLength)),
  /** Sends valid messages that make no sense where they come, and registrations with no ticket, or a wrong one. */
  order: misusing(misplace),
  /** Asks, and takes no answer in. */
  deaf: misusing(askOnly, DEAF, DEAF_WINDOW_BYTES),
  /** Opens connections and is gone; before their handshake is over, too. */
  abandoned: abandon,
  /** Sends datagrams that look like QUIC's, or like nothing. */
  datagrams: sendDatagrams,
};

/** The name of a way to be hostile to a control plane. */
export type GarbageKind = keyof typeof KINDS;

/** Does what the plan says. Resolves when the time is over and nothing is under way any more. */
export async function sendGarbage(plan: GarbagePlan): Promise<GarbageTally> {
  const tally = new GarbageTally();
  await KINDS[plan.kind]({ ...plan, tally, stop: AbortSignal.timeout(plan.seconds * 1_000) });
  return { ...tally };
}

/** Peers that open one connection after the other, and misuse it. */
function misusing(misuse: Misuse, peers = AT_ONCE, windowBytes?: number): (peer: Peer) => Promise<void> {
  return async (peer) => {
    const { control: target, fromIp, seed, tally, stop } = peer;
    const random = new Random(seed);
    await using link = await LossyLink.open({ target, fromIps: [fromIp], seed, toTarget: {} });
    const again = async (own: Random) => {
      while (!stop.aborted) {
        const session = await openHostileSession(link.address, tally, windowBytes);
        if (session === undefined) continue;
        await misuse(session, own, peer);
        session.close();
      }
    };
    await Promise.all(Array.from({ length: peers }, () => again(random.fork())));
  };
}

/** One stream after the other, as fast as the node allows, each with something in it and an end of its own. */
function fillStreams(write: (random: Random) => Uint8Array): Misuse {
  return async (session, random, { stop }) => {
    while (!session.isClosed() && !stop.aborted) {
      const stream = await session.stream();
      if (stream === undefined) return;
      await session.write(stream, write(random));
      const end = random.nextInt(3);
      if (end === 0) stream.end();
      else if (end === 1) stream.close(random.nextInt(0x1_0000));
    }
  };
}

/** What makes no sense first, and then a registration that cannot be accepted. */
async function misplace(session: HostileSession, random: Random, { tally }: Peer): Promise<void> {
  const stream = await session.stream();
  if (stream === undefined) return;
  stream.on('data', (bytes: Uint8Array) => {
    if (bytes[2] === MessageType.registerAck) tally.acknowledged++;
  });
  for (let count = random.nextInt(6); count > 0; count--) await session.write(stream, misplacedFrame(random));
  tally.registers++;
  await session.write(stream, hopelessRegister(random));
  await session.write(stream, misplacedFrame(random));
  await Promise.race([session.ended, setTimeout(ANSWER_MS)]);
}

async function askOnly(session: HostileSession, _random: Random, { stop }: Peer): Promise<void> {
  const stream = await session.stream();
  if (stream === undefined) return;
  while (!session.isClosed() && !stop.aborted) {
    await session.write(stream, PING_FRAME);
    await setTimeout(DEAF_PAUSE_MS);
  }
}

/** Connections whose peer is gone without a word, and handshakes of which no answer arrives. */
async function abandon({ control: target, fromIp, seed, tally, stop }: Peer): Promise<void> {
  const way = { target, fromIps: [fromIp], seed, toTarget: {} };
  await using link = await LossyLink.open(way);
  await using mute = await LossyLink.open({ ...way, toSource: { loss: 1 } });
  const unanswered = async () => {
    while (!stop.aborted) await openHostileSession(mute.address, tally);
  };
  const leaving = async () => {
    while (!stop.aborted) {
      const sessions = await Promise.all(Array.from({ length: ABANDONED_AT_ONCE }, () => openHostileSession(link.address, tally)));
      link.cut();
      for (const session of sessions) session?.close();
      await setTimeout(PAUSE_MS);
      await link.forget();
      link.mend();
    }
  };
  await Promise.all([leaving(), ...Array.from({ length: AT_ONCE }, unanswered)]);
}

async function sendDatagrams({ control, fromIp, seed, tally, stop }: Peer): Promise<void> {
  const random = new Random(seed);
  await using opened = new AsyncDisposableStack();
  const open = async () => opened.use(await openLoopbackSocket({ ip: fromIp, port: 0 }));
  const sockets = await Promise.all(Array.from({ length: AT_ONCE }, open));
  const address = formatIpv4(control.ip);
  for (const socket of sockets) socket.on('message', () => undefined);
  while (!stop.aborted) {
    for (let count = 0; count < DATAGRAMS_PER_TURN; count++) {
      const bytes = hostileDatagram(random);
      tally.datagrams++;
      tally.bytes += bytes.length;
      sockets[count % AT_ONCE].send(bytes, control.port, address);
    }
    await setTimeout(TURN_MS);
  }
}
