import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { answerParent } from '../../../src/child-program.ts';
import { sumOf } from '../../../src/figures.ts';
import { Registrant } from '../../../src/load/registrant.ts';
import type { RegisteredSession, RegistrantPlan } from '../../../src/load/registrant.ts';
import { proof } from './forgery.ts';
import type { ProofFields } from './forgery.ts';

/** Datagrams of one source, forged or not: the machine must have its address. */
export interface Burst {
  readonly from: Endpoint;
  readonly packets: readonly Uint8Array[];
}

/** What an attacker sends: one datagram of each burst in turn. Each burst begins again at its end. */
export interface Attack {
  readonly to: Endpoint;
  readonly bursts: readonly Burst[];
  readonly perSecond: number;
  readonly count: number;
}

/** How far an attacker came: what the kernel took. */
export interface AttackReport {
  readonly sent: number;
  readonly perSecond: number;
  /** When the first one went out, in milliseconds since 1970. */
  readonly beganMs: number;
}

const MAX_PER_TURN = 256;
/** An acknowledgement with a challenge, which comes behind the header, and a nonce. */
const CHALLENGED_BYTES = 36;
const CHALLENGE_AT = 20;
const registrants: Registrant[] = [];

/** The sockets stay: no ICMP message says that a forged source does not listen. */
const sockets = new Map<string, Socket>();

async function socketOf({ ip, port }: Endpoint, to: Endpoint): Promise<Socket> {
  const name = `${ip}:${port} ${to.port}`;
  const known = sockets.get(name);
  if (known !== undefined) return known;
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  socket.bind(port, formatIpv4(ip));
  await once(socket, 'listening');
  socket.connect(to.port, formatIpv4(to.ip));
  await once(socket, 'connect');
  sockets.set(name, socket);
  return socket;
}

const program = {
  /** Registers with a ticket. The registration lasts as long as the program. */
  register: async (plan: RegistrantPlan) => {
    const registrant = await Registrant.register(plan);
    registrants.push(registrant);
    return registrant.session;
  },
  /** Ends its registrations, as clients do. */
  leave: async () => {
    await Promise.all(registrants.splice(0).map((registrant) => registrant.leave()));
  },
  /** Binds its session at an address of its own: proves it twice, the second time with the answer to the node's challenge. */
  bind: async (session: RegisteredSession, from: Endpoint, to: Endpoint, fields: ProofFields) => {
    const socket = await socketOf(from, to);
    socket.send(proof(session, fields));
    const [acknowledged] = (await once(socket, 'message')) as [Buffer];
    if (acknowledged.length < CHALLENGED_BYTES) return;
    socket.send(proof(session, { ...fields, nonce: fields.nonce + 1, challenge: acknowledged.readBigUInt64BE(CHALLENGE_AT) }));
    await once(socket, 'message');
  },
  /** Is a game server that answers each datagram with many. */
  serve: async ({ ip, port }: Endpoint, answers: number, answerBytes: number) => {
    const socket = createSocket('udp4');
    socket.on('message', (_bytes, from) => {
      for (let sent = 0; sent < answers; sent++) socket.send(new Uint8Array(answerBytes), from.port, from.address);
    });
    socket.bind(port, formatIpv4(ip));
    await once(socket, 'listening');
  },
  attack: async ({ to, bursts, perSecond, count }: Attack): Promise<AttackReport> => {
    const lanes: { readonly socket: Socket; readonly packets: readonly Uint8Array[] }[] = [];
    for (const { from, packets } of bursts) lanes.push({ socket: await socketOf(from, to), packets });
    const beganMs = Date.now();
    const startMs = performance.now();
    let tried = 0;
    let sent = 0;
    while (tried < count) {
      const due = ((performance.now() - startMs) * perSecond) / 1_000;
      const end = Math.min(count, due, tried + MAX_PER_TURN);
      const sends: Promise<number>[] = [];
      while (tried < end) {
        const { socket, packets } = lanes[tried % lanes.length];
        const packet = packets[Math.floor(tried / lanes.length) % packets.length];
        sends.push(new Promise((resolve) => socket.send(packet, (error) => resolve(error === null ? 1 : 0))));
        tried++;
      }
      sent += sumOf(await Promise.all(sends), (one) => one);
      if (tried >= due) await setTimeout(1);
    }
    return { sent, perSecond: (sent * 1_000) / (performance.now() - startMs), beganMs };
  },
};

/** What the attacker's program does. */
export type AttackerProgram = typeof program;

answerParent(program);
