import { isIPv4 } from 'node:net';

/*
 * What a client and the privileged helper say to each other over a Unix stream socket: JSON objects, one a line. Each
 * request has a number, and each reply the number of its request. Descriptors come with a reply as SCM_RIGHTS. There is
 * nothing in a request that goes to nftables as text: addresses are checked and written again, and so are interfaces.
 */

/** The version of these messages: the helper refuses a client of another one. */
export const CAPTURE_PROTOCOL = 1;

/** Where the helper listens. */
export const DEFAULT_CAPTURE_SOCKET = '/run/lightspeed/helper.sock';

/** Longest line: a datagram of 9,000 bytes in base64 and what belongs to it. */
export const MAX_LINE_BYTES = 16 * 1_024;

/** An IPv4 address as text and a UDP port. */
export interface FlowAddress {
  readonly ip: string;
  readonly port: number;
}

/** A program's socket and a server. */
export interface CapturedFlow {
  readonly source: FlowAddress;
  readonly server: FlowAddress;
}

/** What to catch. */
export type CaptureTarget =
  /** Programs that the client has placed. */
  | { readonly kind: 'run' }
  /** Programs that run already, by their control group: its path below the root of version 2. */
  | { readonly kind: 'cgroup'; readonly path: string }
  /** All that is in the helper's network namespace: for a helper that was started in one, beside a game. */
  | { readonly kind: 'namespace' }
  /** Devices that use this machine as their router: all on an interface, or these, by IPv4 or MAC address. */
  | { readonly kind: 'gateway'; readonly lan: string; readonly devices: readonly string[] };

/** What a client asks. */
export type CaptureRequest =
  /** Makes the rules and opens the socket that what is caught comes to: once on a connection. `nodes` are never caught. */
  | { readonly op: 'catch'; readonly version: number; readonly target: CaptureTarget; readonly nodes: readonly string[] }
  /** Sends a datagram the whole way. What is caught counts only after that. */
  | { readonly op: 'trial' }
  /** Puts a process, and what it starts, among those that are caught. */
  | { readonly op: 'place'; readonly pid: number }
  /** A socket with the server's address and port, for answers to a flow that was caught. */
  | { readonly op: 'answer'; readonly flow: CapturedFlow }
  /** Lets the kernel carry a flow that was caught, and sends the datagram that was caught from the program's own address. */
  | { readonly op: 'direct'; readonly flow: CapturedFlow; readonly datagram: string }
  /** How long nothing of a flow has come by that the kernel carries. */
  | { readonly op: 'silence'; readonly flow: CapturedFlow }
  /** Lets the kernel carry the new flows of a program's socket from now on. */
  | { readonly op: 'peers'; readonly source: FlowAddress }
  /** What was caught, and what the kernel carried. */
  | { readonly op: 'counts' };

/** Why the helper refuses. */
export type CaptureRefusal = 'bad_request' | 'wrong_version' | 'not_allowed' | 'not_caught' | 'not_possible' | 'trial_failed' | 'too_many';

/** What came of a request. */
export type CaptureReply =
  | {
      readonly id: number;
      readonly ok: true;
      readonly port?: number;
      readonly fds?: number;
      readonly counts?: CaptureCounts;
      readonly silentMs?: number;
    }
  | { readonly id: number; readonly ok: false; readonly code: CaptureRefusal; readonly message: string };

/** Said without a request: the capture is over, and everything goes as if there were none. */
export interface CaptureEnded {
  readonly event: 'ended';
  readonly why: string;
}

/** Datagrams since the start. */
export interface CaptureCounts {
  readonly caught: number;
  readonly direct: number;
  readonly peers: number;
  readonly answersRefused: number;
}

const INTERFACE = /^[A-Za-z0-9_.-]{1,15}$/;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;
const CGROUP_PART = /^[A-Za-z0-9_.@:\\-]{1,128}$/;
const MAX_LIST = 64;

/**
 * Reads a client's line.
 * @returns the request with its number, or what is wrong with it: with the number 0 if it has none.
 */
export function readRequest(line: string): { readonly id: number; readonly request?: CaptureRequest; readonly fault?: string } {
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch {
    return { id: 0, fault: 'this is no JSON' };
  }
  if (!isRecord(given)) return { id: 0, fault: 'this is no object' };
  const id = typeof given['id'] === 'number' && Number.isSafeInteger(given['id']) ? given['id'] : 0;
  const request = requestOf(given);
  return typeof request === 'string' ? { id, fault: request } : { id, request };
}

function requestOf(given: Record<string, unknown>): CaptureRequest | string {
  switch (given['op']) {
    case 'catch': {
      const target = targetOf(given['target']);
      if (typeof target === 'string') return target;
      const nodes = listOf(given['nodes'], (one) => isIPv4(one));
      if (nodes === undefined) return `nodes must be a list of at most ${MAX_LIST} IPv4 addresses`;
      const version = given['version'];
      return typeof version === 'number' ? { op: 'catch', version, target, nodes } : 'version must be a number';
    }
    case 'trial':
      return { op: 'trial' };
    case 'counts':
      return { op: 'counts' };
    case 'place': {
      const pid = given['pid'];
      return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 1 ? { op: 'place', pid } : 'pid must be the number of a process';
    }
    case 'answer':
    case 'silence': {
      const flow = flowOf(given['flow']);
      return flow === undefined ? 'flow must have a source and a server' : { op: given['op'], flow };
    }
    case 'direct': {
      const flow = flowOf(given['flow']);
      const datagram = given['datagram'];
      if (flow === undefined) return 'flow must have a source and a server';
      return typeof datagram === 'string' ? { op: 'direct', flow, datagram } : 'datagram must be base64';
    }
    case 'peers': {
      const source = addressOf(given['source']);
      return source === undefined ? 'source must be an address and a port' : { op: 'peers', source };
    }
    default:
      return `there is no request ${JSON.stringify(given['op'])}`;
  }
}

function targetOf(given: unknown): CaptureTarget | string {
  if (!isRecord(given)) return 'target must be an object';
  if (given['kind'] === 'run' || given['kind'] === 'namespace') return { kind: given['kind'] };
  if (given['kind'] === 'cgroup') {
    const path = given['path'];
    const isPath =
      typeof path === 'string' && path !== '' && path.split('/').every((part) => CGROUP_PART.test(part) && !/^\.+$/.test(part));
    return isPath ? { kind: 'cgroup', path } : 'path must name a control group below the root';
  }
  if (given['kind'] !== 'gateway') return 'kind must be run, cgroup, namespace or gateway';
  const lan = given['lan'];
  if (typeof lan !== 'string' || !INTERFACE.test(lan)) return 'lan must be the name of an interface';
  const devices = listOf(given['devices'], (one) => isIPv4(one) || MAC.test(one));
  if (devices === undefined) return `devices must be a list of at most ${MAX_LIST} IPv4 or MAC addresses`;
  return { kind: 'gateway', lan, devices };
}

function flowOf(given: unknown): CapturedFlow | undefined {
  if (!isRecord(given)) return undefined;
  const source = addressOf(given['source']);
  const server = addressOf(given['server']);
  return source === undefined || server === undefined ? undefined : { source, server };
}

function addressOf(given: unknown): FlowAddress | undefined {
  if (!isRecord(given)) return undefined;
  const { ip, port } = given;
  if (typeof ip !== 'string' || !isIPv4(ip)) return undefined;
  return typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535 ? { ip, port } : undefined;
}

function listOf(given: unknown, fits: (one: string) => boolean): readonly string[] | undefined {
  if (!Array.isArray(given) || given.length > MAX_LIST) return undefined;
  const list = given as readonly unknown[];
  return list.every((one): one is string => typeof one === 'string' && fits(one)) ? list : undefined;
}

function isRecord(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}
