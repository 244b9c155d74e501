import { Netem } from '@lightspeed/netem';
import type { Impairments } from '@lightspeed/netem';
import { parseIpv4 } from '@lightspeed/wire';
import { answerParent } from '../../src/child-program.ts';
import { Tun } from './tun.ts';

/** Where IPv4 has its protocol, and the addresses of sender and receiver. */
const [PROTOCOL_AT, SOURCE_AT, DESTINATION_AT] = [9, 12, 16];
const UDP = 17;
const LOOK_MS = 1;
/** The mean time that a packet waits for {@link LOOK_MS} at both ends of its way. */
const WAITING_MS = 1;

/** Somewhere in the internet: the first 16 or 24 bits of its addresses. */
export interface Place {
  readonly ip: string;
  readonly bits: 16 | 24;
}

let places: readonly (Place & { readonly name: string })[] = [];
/** What nodes have sent or were sent at their data port, in one direction between two places. */
export interface CarriedPackets {
  readonly sent: number;
  readonly lost: number;
}

/** By `FROM TO`. */
const links = new Map<string, Netem<Uint8Array>>();
/** By the same. */
const carried = new Map<string, CarriedPackets>();
let tun: Tun | undefined;
let dataPort = 0;

const program = {
  /** Makes the device. What is read from it is written to it again, later. @param port of the tunnels, whose packets are counted */
  open: (device: string, named: Readonly<Record<string, Place>>, port: number) => {
    dataPort = port;
    places = Object.entries(named).map(([name, place]) => ({ name, ...place }));
    tun = new Tun(device);
    setInterval(move, LOOK_MS);
  },
  /** What happens from now on between two places, in one direction. Without that, packets pass at once. */
  change: (from: string, to: string, { delayMs = 0, ...impairments }: Impairments) => {
    const waited = { ...impairments, delayMs: Math.max(0, delayMs - WAITING_MS) };
    const known = links.get(`${from} ${to}`);
    if (known === undefined) links.set(`${from} ${to}`, new Netem({ seed: links.size + 1, ...waited }));
    else known.change(waited);
  },
  /** What became of the packets of tunnels between two places so far, in one direction. */
  carried: (from: string, to: string): CarriedPackets => carried.get(`${from} ${to}`) ?? { sent: 0, lost: 0 },
};

/** What the program does that delays packets. */
export type DelaysProgram = typeof program;

function move(): void {
  if (tun === undefined) return;
  const nowMs = performance.now();
  for (let packet = tun.read(); packet !== undefined; packet = tun.read()) {
    const name = `${placeOf(packet, SOURCE_AT)} ${placeOf(packet, DESTINATION_AT)}`;
    const link = links.get(name);
    if (link === undefined) {
      tun.write(packet);
      continue;
    }
    const before = link.stats.lostRandom;
    link.send(packet, packet.length, nowMs);
    if (isOfTunnel(packet)) count(name, link.stats.lostRandom - before);
  }
  for (const link of links.values()) {
    for (let packet = link.deliver(nowMs); packet !== undefined; packet = link.deliver(nowMs)) tun.write(packet);
  }
}

function count(name: string, lost: number): void {
  const before = carried.get(name) ?? { sent: 0, lost: 0 };
  carried.set(name, { sent: before.sent + 1, lost: before.lost + lost });
}

function isOfTunnel(packet: Uint8Array): boolean {
  const view = new DataView(packet.buffer);
  const portsAt = (view.getUint8(0) & 0xf) * 4;
  return view.getUint8(PROTOCOL_AT) === UDP && [view.getUint16(portsAt), view.getUint16(portsAt + 2)].includes(dataPort);
}

function placeOf(packet: Uint8Array, at: number): string | undefined {
  const ip = new DataView(packet.buffer).getUint32(at);
  return places.find((place) => ip >>> (32 - place.bits) === ((parseIpv4(place.ip) ?? 0) >>> 0) >>> (32 - place.bits))?.name;
}

answerParent(program);
