import type { ProofNoncesState } from '@lightspeed/security';
import { MULTIPATH_MODES } from '../multipath.ts';
import type { MultipathMode } from '../multipath.ts';
import type { SavedFlow, SavedPath, SavedSession } from './saved-session.ts';

/*
 * A record, in 32-bit words, 60 bytes with one path and one flow:
 *
 *   0 its length in words   1 session id   2 mode, its place in MULTIPATH_MODES | paths << 8 | whether nonces were used << 16
 *   3 flows   4 sequence | group id << 16   5-6 highest nonce   7-8 nonces below
 *   each path:   ip   port | number << 16
 *   each flow:   client ip   server ip   client port | server port << 16   egress port | group size << 16
 */
const HEAD_WORDS = 9;
const PATH_WORDS = 2;
const FLOW_WORDS = 4;
const NONCES_USED = 1 << 16;

const FIRST_WORDS = 1_024;

/**
 * Saved sessions as numbers, for relays that have very many: neither is an object made for each, nor does one take more than
 * its numbers do, and the array of all of them can be sent to another thread. Goes through them as {@link SavedSession}s.
 */
export class SessionRecords implements Iterable<SavedSession> {
  #words = new Int32Array(FIRST_WORDS);
  #length = 0;
  #record = 0;
  #count = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  add(session: SavedSession): void {
    const { sessionId, multipath, sequence, groupId, nonces, paths, flows } = session;
    this.begin(sessionId, multipath, sequence, groupId, nonces);
    for (const { number, ip, port } of paths) this.addPath(number, ip, port);
    for (const { clientIp, clientPort, serverIp, serverPort, egressPort, groupSize } of flows) {
      this.addFlow(clientIp, clientPort, serverIp, serverPort, egressPort, groupSize);
    }
  }

  /** Begins another one, without paths and flows: those that are added next are its own, all paths before all flows. */
  begin(sessionId: number, multipath: MultipathMode, sequence: number, groupId: number, nonces: ProofNoncesState): void {
    const record = this.#take(HEAD_WORDS);
    const words = this.#words;
    const areUsed = nonces.highest >= 0n;
    this.#record = record;
    this.#count++;
    words[record] = HEAD_WORDS;
    words[record + 1] = sessionId;
    words[record + 2] = MULTIPATH_MODES.indexOf(multipath) | (areUsed ? NONCES_USED : 0);
    words[record + 3] = 0;
    words[record + 4] = sequence | (groupId << 16);
    setUint64(words, record + 5, areUsed ? nonces.highest : 0n);
    setUint64(words, record + 7, nonces.below);
  }

  addPath(number: number, ip: number, port: number): void {
    const at = this.#take(PATH_WORDS);
    this.#words[this.#record] += PATH_WORDS;
    this.#words[this.#record + 2] += 1 << 8;
    this.#words[at] = ip;
    this.#words[at + 1] = port | (number << 16);
  }

  addFlow(clientIp: number, clientPort: number, serverIp: number, serverPort: number, egressPort: number, groupSize: number): void {
    const at = this.#take(FLOW_WORDS);
    this.#words[this.#record] += FLOW_WORDS;
    this.#words[this.#record + 3]++;
    this.#words[at] = clientIp;
    this.#words[at + 1] = serverIp;
    this.#words[at + 2] = clientPort | (serverPort << 16);
    this.#words[at + 3] = egressPort | (groupSize << 16);
  }

  /** @returns all of them, for {@link sessionsIn}. There are none here afterwards. */
  take(): Int32Array<ArrayBuffer> {
    const taken = this.#words.slice(0, this.#length);
    this.#length = 0;
    this.#count = 0;
    return taken;
  }

  [Symbol.iterator](): Iterator<SavedSession> {
    return sessionsIn(this.#words.subarray(0, this.#length));
  }

  #take(words: number): number {
    const at = this.#length;
    this.#length += words;
    if (this.#length > this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    return at;
  }
}

/** The ids of the sessions in what {@link SessionRecords.take} gave, unsigned. */
export function* sessionIdsIn(records: Int32Array): Generator<number> {
  for (let record = 0; record < records.length; record += records[record]) yield records[record + 1] >>> 0;
}

/** The sessions themselves, made while they are looked at. */
export function* sessionsIn(records: Int32Array): Generator<SavedSession> {
  for (let record = 0; record < records.length; record += records[record]) yield sessionAt(records, record);
}

function sessionAt(words: Int32Array, record: number): SavedSession {
  const modePathsAndNonces = words[record + 2];
  const paths = (modePathsAndNonces >>> 8) & 0xff;
  const firstFlow = record + HEAD_WORDS + paths * PATH_WORDS;
  return {
    sessionId: words[record + 1] >>> 0,
    multipath: MULTIPATH_MODES[modePathsAndNonces & 0xff],
    paths: Array.from({ length: paths }, (_, i) => pathAt(words, record + HEAD_WORDS + i * PATH_WORDS)),
    sequence: words[record + 4] & 0xffff,
    groupId: words[record + 4] >>> 16,
    nonces: {
      highest: (modePathsAndNonces & NONCES_USED) === 0 ? -1n : uint64At(words, record + 5),
      below: uint64At(words, record + 7),
    },
    flows: Array.from({ length: words[record + 3] }, (_, i) => flowAt(words, firstFlow + i * FLOW_WORDS)),
  };
}

function pathAt(words: Int32Array, at: number): SavedPath {
  return { number: words[at + 1] >>> 16, ip: words[at] >>> 0, port: words[at + 1] & 0xffff };
}

function flowAt(words: Int32Array, at: number): SavedFlow {
  return {
    clientIp: words[at] >>> 0,
    clientPort: words[at + 2] & 0xffff,
    serverIp: words[at + 1] >>> 0,
    serverPort: words[at + 2] >>> 16,
    egressPort: words[at + 3] & 0xffff,
    groupSize: words[at + 3] >>> 16,
  };
}

function setUint64(words: Int32Array, at: number, value: bigint): void {
  words[at] = Number(BigInt.asIntN(32, value));
  words[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

function uint64At(words: Int32Array, at: number): bigint {
  return (BigInt(words[at + 1] >>> 0) << 32n) | BigInt(words[at] >>> 0);
}
