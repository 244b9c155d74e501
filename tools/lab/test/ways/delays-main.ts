import { Netem } from '@lightspeed/netem';
import type { Impairments } from '@lightspeed/netem';
import { parseIpv4 } from '@lightspeed/wire';
import { answerParent } from '../../src/child-program.ts';
import { Tun } from './tun.ts';

/** Where IPv4 has the addresses of sender and receiver. */
const [SOURCE_AT, DESTINATION_AT] = [12, 16];
const LOOK_MS = 1;
/** The mean time that a packet waits for {@link LOOK_MS} at both ends of its way. */
const WAITING_MS = 1;

/** Somewhere in the internet: the first 16 or 24 bits of its addresses. */
export interface Place {
  readonly ip: string;
  readonly bits: 16 | 24;
}

let places: readonly (Place & { readonly name: string })[] = [];
/** By `FROM TO`. */
const links = new Map<string, Netem<Uint8Array>>();
let tun: Tun | undefined;

const program = {
  /** Makes the device. What is read from it is written to it again, later. */
  open: (device: string, named: Readonly<Record<string, Place>>) => {
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
};

/** What the program does that delays packets. */
export type DelaysProgram = typeof program;

function move(): void {
  if (tun === undefined) return;
  const nowMs = performance.now();
  for (let packet = tun.read(); packet !== undefined; packet = tun.read()) {
    const link = links.get(`${placeOf(packet, SOURCE_AT)} ${placeOf(packet, DESTINATION_AT)}`);
    if (link === undefined) tun.write(packet);
    else link.send(packet, packet.length, nowMs);
  }
  for (const link of links.values()) {
    for (let packet = link.deliver(nowMs); packet !== undefined; packet = link.deliver(nowMs)) tun.write(packet);
  }
}

function placeOf(packet: Uint8Array, at: number): string | undefined {
  const ip = new DataView(packet.buffer).getUint32(at);
  return places.find((place) => ip >>> (32 - place.bits) === ((parseIpv4(place.ip) ?? 0) >>> 0) >>> (32 - place.bits))?.name;
}

answerParent(program);
