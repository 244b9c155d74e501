import { setTimeout } from 'node:timers/promises';
import { MessageType } from '@lightspeed/control';
import { Random } from '@lightspeed/netem';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { LossyLink } from '../lossy-link.ts';
import { closeSocket, openLoopbackSocket } from '../loopback-socket.ts';
import { halfFrame, hopelessRegister, hostileDatagram, hostileLength, misplacedFrame, noise, pingFrame } from './garbage-bytes.ts';
import type { GarbageKind, GarbagePlan } from './garbage-plan.ts';
import { HostileSession } from './hostile-session.ts';
import type { GarbageTally } from './hostile-session.ts';

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

/** One connection, used until the node or the time ends it. */
type Misuse = (session: HostileSession, random: Random, tally: GarbageTally, stop: AbortSignal) => Promise<void>;

const MISUSES: Readonly<Record<Exclude<GarbageKind, 'abandoned' | 'datagrams'>, Misuse>> = {
  noise: fillStreams(noise),
  halves: fillStreams(halfFrame),
  lengths: fillStreams(hostileLength),
  order: misplace,
  deaf: askOnly,
};

/** Does what the plan says until it is told to stop. Resolves when nothing is under way any more. */
export async function carryOutGarbage(plan: GarbagePlan, tally: GarbageTally, stop: AbortSignal): Promise<void> {
  const random = new Random(plan.seed);
  if (plan.kind === 'datagrams') return sendDatagrams(plan, random, tally, stop);
  await using link = await LossyLink.open({ target: plan.control, fromIps: [plan.fromIp], seed: plan.seed, toTarget: {} });
  if (plan.kind === 'abandoned') return await abandon(plan, link, tally, stop);
  const misuse = MISUSES[plan.kind];
  const peers = Array.from({ length: plan.kind === 'deaf' ? DEAF : AT_ONCE }, () => new Random(random.nextU32()));
  await Promise.all(peers.map((own) => again(plan.kind, link.address, misuse, own, tally, stop)));
}

async function again(
  kind: GarbageKind,
  node: Endpoint,
  misuse: Misuse,
  random: Random,
  tally: GarbageTally,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    const session = await HostileSession.open(node, tally, kind === 'deaf' ? DEAF_WINDOW_BYTES : undefined);
    if (session === undefined) continue;
    await misuse(session, random, tally, stop);
    session.close();
  }
}

/** One stream after the other, as fast as the node allows, each with something in it and an end of its own. */
function fillStreams(write: (random: Random) => Uint8Array): Misuse {
  return async (session, random, _tally, stop) => {
    while (!session.closed && !stop.aborted) {
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
async function misplace(session: HostileSession, random: Random, tally: GarbageTally): Promise<void> {
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

async function askOnly(session: HostileSession, _random: Random, _tally: GarbageTally, stop: AbortSignal): Promise<void> {
  const stream = await session.stream();
  if (stream === undefined) return;
  const ping = pingFrame();
  while (!session.closed && !stop.aborted) {
    await session.write(stream, ping);
    await setTimeout(DEAF_PAUSE_MS);
  }
}

/** Connections whose peer is gone without a word, and handshakes of which no answer arrives. */
async function abandon(plan: GarbagePlan, link: LossyLink, tally: GarbageTally, stop: AbortSignal): Promise<void> {
  const { control: target, fromIp, seed } = plan;
  const mute = await LossyLink.open({ target, fromIps: [fromIp], seed, toTarget: {}, toSource: { loss: 1 } });
  const unanswered = async () => {
    while (!stop.aborted) await HostileSession.open(mute.address, tally);
  };
  const leaving = async () => {
    while (!stop.aborted) {
      const sessions = await Promise.all(Array.from({ length: ABANDONED_AT_ONCE }, () => HostileSession.open(link.address, tally)));
      link.cut();
      for (const session of sessions) session?.close();
      await setTimeout(PAUSE_MS);
      await link.forget();
      link.mend();
    }
  };
  await Promise.all([leaving(), ...Array.from({ length: AT_ONCE }, unanswered)]);
  await mute.close();
}

async function sendDatagrams({ control, fromIp }: GarbagePlan, random: Random, tally: GarbageTally, stop: AbortSignal): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: AT_ONCE }, () => openLoopbackSocket({ ip: fromIp, port: 0 })));
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
  await Promise.all(sockets.map(closeSocket));
}
