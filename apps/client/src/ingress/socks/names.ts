import { ServerAddresses } from '../server-addresses.ts';
import { canBeServer } from './datagram.ts';

/** Most names that are known at once. One that was not used for longest gives way. */
const MAX_NAMES = 256;
/** An address that was found is looked up anew once nothing was sent to the name for so long. */
const UNUSED_MS = 60_000;
/** And while something is sent, so often: flows that are new go where it is then. */
const LOOK_UP_MS = 30_000;
/** What could not be found is looked up again after this time, and after twice as long each time that it fails again. */
const FAILED_MS = 5_000;
/** But a name that is there at last is found within this time. */
const MAX_FAILED_MS = 60_000;

/** What is known of a name. */
export type NameState = 'asked' | 'found' | 'ipv6-only' | 'unknown';

/** A game server's name. */
export class ServerName {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly hash: number;
  state: NameState = 'asked';
  /** Of a name that was found. */
  servers: ServerAddresses | null = null;
  /** When it was found. */
  foundMs = 0;
  /** It was found, and is looked up again: what is known is good as long as nothing else is. */
  isAskedAgain = false;
  /** When something was last sent to it, or when it was not found. Wrapping int32 milliseconds. */
  sinceMs: number;
  /** How often in a row it was not found. */
  failures = 0;
  /** Datagrams that wait for it. */
  waiting = 0;

  constructor(bytes: Uint8Array, hash: number, nowMs: number) {
    this.bytes = bytes;
    this.text = Buffer.from(bytes).toString('latin1');
    this.hash = hash;
    this.sinceMs = nowMs;
  }
}

/** The names by which clients call game servers. Looking a known one up allocates nothing. */
export class NameTable {
  readonly #names: ServerName[] = [];
  readonly #ask: (name: string) => void;

  /** @param ask has a name looked up; {@link answer} is called in the end. */
  constructor(ask: (name: string) => void) {
    this.#ask = ask;
  }

  /** What is known of the name that lies there; asks if that is nothing, or too old. Null if no more can be asked now. */
  lookUp(bytes: Uint8Array, offset: number, length: number, nowMs: number): ServerName | null {
    const hash = hashOf(bytes, offset, length);
    const name = this.#find(hash, bytes, offset, length) ?? this.#add(hash, bytes, offset, length, nowMs);
    if (name === null) return null;
    const ageMs = (nowMs - name.sinceMs) | 0;
    const isOld = name.state !== 'asked' && ageMs > (name.state === 'found' ? UNUSED_MS : failedMs(name));
    if (isOld) {
      name.state = 'asked';
      if (!name.isAskedAgain) this.#ask(name.text);
    }
    if (name.state === 'found') {
      name.sinceMs = nowMs;
      if (!name.isAskedAgain && ((nowMs - name.foundMs) | 0) > LOOK_UP_MS) {
        name.isAskedAgain = true;
        this.#ask(name.text);
      }
    }
    return name;
  }

  /** A name was looked up. @returns it, if it was asked for. */
  answer(text: string, ips: readonly number[], ipv6Only: boolean, nowMs: number): ServerName | undefined {
    const name = this.#names.find((candidate) => (candidate.state === 'asked' || candidate.isAskedAgain) && candidate.text === text);
    if (name === undefined) return undefined;
    const servers = ips.filter((ip) => canBeServer(ip | 0));
    if (servers.length > 0) {
      if (name.servers === null) name.servers = new ServerAddresses(text, servers);
      else name.servers.set(servers);
    }
    name.foundMs = nowMs;
    name.isAskedAgain = false;
    if (name.state !== 'asked') return name;
    name.state = servers.length > 0 ? 'found' : ipv6Only ? 'ipv6-only' : 'unknown';
    name.failures = name.state === 'found' ? 0 : name.failures + 1;
    name.sinceMs = nowMs;
    return name;
  }

  #find(hash: number, bytes: Uint8Array, offset: number, length: number): ServerName | null {
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i];
      if (name.hash === hash && name.bytes.length === length && sameBytes(name.bytes, bytes, offset)) return name;
    }
    return null;
  }

  #add(hash: number, bytes: Uint8Array, offset: number, length: number, nowMs: number): ServerName | null {
    const name = new ServerName(bytes.slice(offset, offset + length), hash, nowMs);
    if (!/^[!-~]+$/.test(name.text)) name.state = 'unknown';
    if (this.#names.length < MAX_NAMES) this.#names.push(name);
    else {
      const place = this.#leastUsed(nowMs);
      if (place < 0) return null;
      this.#names[place] = name;
    }
    if (name.state === 'asked') this.#ask(name.text);
    return name;
  }

  /** Not one that is being looked up: there would be no end to how many are. */
  #leastUsed(nowMs: number): number {
    let place = -1;
    let longestMs = -1;
    for (const [index, { state, isAskedAgain, sinceMs }] of this.#names.entries()) {
      const ageMs = (nowMs - sinceMs) | 0;
      if (state === 'asked' || isAskedAgain || ageMs <= longestMs) continue;
      place = index;
      longestMs = ageMs;
    }
    return place;
  }
}

/** For how long it is not looked up again. */
function failedMs({ failures }: ServerName): number {
  return Math.min(FAILED_MS * 2 ** Math.max(failures - 1, 0), MAX_FAILED_MS);
}

/** FNV-1a. A client that makes names collide slows down itself. */
function hashOf(bytes: Uint8Array, offset: number, length: number): number {
  let hash = 0x811c_9dc5 | 0;
  for (let i = offset; i < offset + length; i++) hash = Math.imul(hash ^ bytes[i], 0x0100_0193);
  return hash;
}

function sameBytes(name: Uint8Array, bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[offset + i]) return false;
  return true;
}
