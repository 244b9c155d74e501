import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { NativeMemory, errnoName, libc } from '../base/libc.ts';
import { TRIAL_SERVER } from '../rules/table.ts';
import { runTool } from './nft.ts';
import { writePacket } from './packet.ts';
import { closeFd, sendFrom } from './sockets.ts';

/** A datagram comes back within this time, or something on this machine stands in its way. */
const TRIAL_MS = 1_500;
const LOOK_AGAIN_MS = 5;
const MSG_DONTWAIT = 0x40;
const MAX_BYTES = 64;

/** The interfaces of a gateway's trial: what is sent by the first one comes in by the second. */
export const TRIAL_INTERFACES = ['lightspeed-t0', 'lightspeed-t1'] as const;
/** Of a network for documentation (RFC 5737). */
const TRIAL_DEVICE = { ip: '192.0.2.2', port: 27_016 };
const TRIAL_ROUTER = '192.0.2.1';

const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const ETH_P_IP_BE = 0x0008;
const SOCKADDR_LL_BYTES = 20;

/**
 * Sends a datagram as a program would. @param fd a UDP socket of one that is caught; it is closed
 * @returns whether its answer came, from the address that was spoken to.
 */
export async function tryProgram(fd: number): Promise<boolean> {
  try {
    const payload = trialPayload();
    sendFrom(fd, TRIAL_SERVER, payload);
    return await answered(fd, payload);
  } finally {
    closeFd(fd);
  }
}

/** Makes the interfaces that a gateway's trial comes in by. They go with {@link removeTrialInterfaces}. */
export async function addTrialInterfaces(): Promise<void> {
  const [outside, inside] = TRIAL_INTERFACES;
  await removeTrialInterfaces();
  await runTool('ip', ['link', 'add', outside, 'type', 'veth', 'peer', 'name', inside]);
  for (const name of TRIAL_INTERFACES) await runTool('ip', ['link', 'set', name, 'up']);
  await runTool('ip', ['address', 'add', `${TRIAL_ROUTER}/30`, 'dev', inside]);
}

/** Removes the interfaces of a trial, also those of one that was killed. Does nothing if there are none. */
export async function removeTrialInterfaces(): Promise<void> {
  await runTool('ip', ['link', 'delete', TRIAL_INTERFACES[0]]).catch(() => undefined);
}

/** Has a datagram come in as from a device of the LAN. @returns whether its answer left towards the device. */
export async function tryDevice(): Promise<boolean> {
  const [outside, inside] = TRIAL_INTERFACES;
  const fd = libc().socket(AF_PACKET, SOCK_DGRAM, ETH_P_IP_BE);
  if (fd < 0) throw new Error(`cannot open a packet socket: ${errnoName()}`);
  try {
    const { index, mac: ownMac } = await linkOf(outside);
    const { mac: router } = await linkOf(inside);
    // The answer goes to the device without asking for its hardware address.
    await runTool('ip', ['neighbour', 'replace', TRIAL_DEVICE.ip, 'lladdr', macText(ownMac), 'dev', inside, 'nud', 'permanent']);
    const own = linkAddress(index, new Uint8Array(6));
    if (libc().bind(fd, own.address, SOCKADDR_LL_BYTES) < 0) throw new Error(`cannot listen on ${outside}: ${errnoName()}`);
    const payload = trialPayload();
    const packet = complete(writePacket(TRIAL_DEVICE, TRIAL_SERVER, payload));
    const data = new NativeMemory(packet.length);
    data.bytes.set(packet);
    const to = linkAddress(index, router);
    if (Number(libc().sendto(fd, data.address, packet.length, 0, to.address, SOCKADDR_LL_BYTES)) < 0) {
      throw new Error(`cannot send by ${outside}: ${errnoName()}`);
    }
    return await answered(fd, payload);
  } finally {
    closeFd(fd);
  }
}

/** Says which rule of another table drops the trial's datagrams, as far as nft's list says it. */
export async function findObstacle(): Promise<string | undefined> {
  const rulesets = await runTool('nft', ['-s', 'list', 'ruleset']).catch(() => '');
  let table = '';
  for (const line of rulesets.split('\n')) {
    const opened = /^table (\S+ \S+) \{/.exec(line);
    if (opened !== null) table = opened[1];
    const chain = /type filter hook (input|prerouting|output) priority .*policy drop/.exec(line);
    if (chain !== null) return `table ${table} drops what comes to its ${chain[1]} chain and is not allowed there`;
  }
  return undefined;
}

function trialPayload(): Uint8Array {
  return Uint8Array.from(Buffer.from(`lightspeed trial ${randomBytes(8).toString('hex')}`));
}

/** Looks for a packet that has the payload at its end. */
async function answered(fd: number, payload: Uint8Array): Promise<boolean> {
  const data = new NativeMemory(MAX_BYTES + 60);
  const wanted = Buffer.from(payload);
  for (const endMs = performance.now() + TRIAL_MS; performance.now() < endMs; await setTimeout(LOOK_AGAIN_MS)) {
    const length = Number(libc().recv(fd, data.address, data.bytes.length, MSG_DONTWAIT));
    if (length < wanted.length) continue;
    // A packet socket hears what it has sent, too: an answer comes from the trial's server.
    if (Buffer.from(data.bytes.subarray(length - wanted.length, length)).equals(wanted)) return true;
  }
  return false;
}

/** The IP header with what the kernel fills in for raw sockets only. */
function complete(packet: Uint8Array): Uint8Array {
  const view = new DataView(packet.buffer);
  view.setUint16(2, packet.length);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(10, ~sum & 0xffff);
  return packet;
}

function linkAddress(index: number, mac: Uint8Array): NativeMemory {
  const memory = new NativeMemory(SOCKADDR_LL_BYTES);
  memory.view.setUint16(0, AF_PACKET, true);
  memory.view.setUint16(2, ETH_P_IP_BE, true);
  memory.view.setInt32(4, index, true);
  memory.bytes[11] = mac.length;
  memory.bytes.set(mac, 12);
  return memory;
}

/** The number and the hardware address of an interface. /sys may show those of another network namespace. */
async function linkOf(name: string): Promise<{ readonly index: number; readonly mac: Uint8Array }> {
  const [{ ifindex, address }] = JSON.parse(await runTool('ip', ['-j', 'link', 'show', 'dev', name])) as [
    { readonly ifindex: number; readonly address: string },
  ];
  return { index: ifindex, mac: Uint8Array.from(Buffer.from(address.replaceAll(':', ''), 'hex')) };
}

function macText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').match(/../g)?.join(':') ?? '';
}
