import type { Socket } from 'node:dgram';
import { setTimeout } from 'node:timers/promises';
import { Random } from '@lightspeed/netem';
import { FLAG_FIN, FLAG_HANDSHAKE, HEADER_BYTES, formatIpv4, readFlags, readToken } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { openLoopbackSocket } from '../loopback-socket.ts';
import { LONGEST_UDP_BYTES, hostileDatagrams } from './hostile-datagrams.ts';

/** What attackers do to a node. */
export interface AttackPlan {
  readonly node: Endpoint;
  /** One attacker each: addresses of loopback that nobody else uses, for the node may ban them. */
  readonly sourceIps: readonly number[];
  /** A server to which the node lets packets through. */
  readonly server: Endpoint;
  readonly datagramsPerSecond: number;
  readonly seconds: number;
  readonly seed: number;
  /** Longer ones than this cannot reach the node's program whole. */
  readonly longestDatagramBytes: number;
}

/** What attackers have done. */
export type AttackReport = Awaited<ReturnType<typeof attack>>;

const MAX_PER_TURN = 32;

interface Attacker {
  readonly socket: Socket;
  readonly write: ReturnType<typeof hostileDatagrams>;
  /** Of its session, 0 while it has none. */
  token: number;
}

/** Attackers that send a number of datagrams, as fast as the plan says. */
export async function attack({ node, sourceIps, datagramsPerSecond, seconds, seed, ...target }: AttackPlan) {
  const random = new Random(seed);
  const bytes = Buffer.alloc(LONGEST_UDP_BYTES);
  const address = formatIpv4(node.ip);
  const report = {
    /** Datagrams that the kernel took, and that it refused. */
    sent: 0,
    unsent: 0,
    /** Longer than the node receives. */
    oversized: 0,
    /** Sessions that attackers opened. */
    sessions: 0,
  };
  const attackers = await Promise.all(
    sourceIps.map(async (ip): Promise<Attacker> => {
      const write = hostileDatagrams(random.fork());
      return { socket: await openLoopbackSocket({ ip, port: 0 }), write, token: 0 };
    }),
  );
  for (const attacker of attackers) {
    // An acknowledgement carries the session's token, a FIN means that there is none any more.
    attacker.socket.on('message', (packet) => {
      if (packet.length < HEADER_BYTES) return;
      const flags = readFlags(packet, 0);
      if (flags === FLAG_FIN) attacker.token = 0;
      if (flags !== FLAG_HANDSHAKE || attacker.token !== 0) return;
      attacker.token = readToken(packet, 0);
      report.sessions++;
    });
  }
  const attackOnce = ({ socket, write, token }: Attacker): Promise<void> => {
    const length = write(bytes, { token, ...target });
    if (length > target.longestDatagramBytes) report.oversized++;
    return new Promise((resolve) => {
      socket.send(Buffer.from(bytes.subarray(0, length)), node.port, address, (error) => {
        if (error === null) report.sent++;
        else report.unsent++;
        resolve();
      });
    });
  };
  const all = datagramsPerSecond * seconds;
  const startMs = performance.now();
  for (let tried = 0; tried < all; await setTimeout(1)) {
    const due = ((performance.now() - startMs) * datagramsPerSecond) / 1_000;
    const end = Math.min(all, due, tried + MAX_PER_TURN);
    const sends = [];
    while (tried < end) sends.push(attackOnce(attackers[tried++ % attackers.length]));
    await Promise.all(sends);
  }
  await Promise.all(attackers.map(({ socket }) => socket[Symbol.asyncDispose]()));
  return report;
}
