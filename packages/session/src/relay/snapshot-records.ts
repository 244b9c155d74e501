import type { AddressBook, AddressHandle, PathNumber, Port } from '@lightspeed/wire';
import { formatAddressWords, formatIpv4, isIpv6, parseAddressWords } from '@lightspeed/wire';
import { MULTIPATH_MODES } from '../base/multipath.ts';
import { packTerms, unpackTerms } from '../protection/agreed/protection-terms.ts';
import type { ClientAddress } from './client-address.ts';
import type { FlowSnapshot, PathSnapshot, SessionSnapshot } from './session-snapshot.ts';

/*
 * A record, in 32-bit words, 72 bytes with one IPv4 path and one flow, 68 if the local address is not known:
 *
 *   0 its length in words   1 session id
 *   2 mode, its place in MULTIPATH_MODES | paths << 8 | whether nonces were used << 16 | whether its packets have tags << 17
 *     | whether its ends have agreed on protection << 18
 *   3 flows   4 sequence | group id << 16   5-6 highest nonce   7-8 nonces below
 *   9-10 the opening nonce
 *   with tags:   timestamp of the newest packet with one
 *   with protection:   its terms, see `packTerms`
 *   each path:   port | number << 16 | whether it is validated << 18 | form of the address << 24 | form of the local address << 28   address   local address
 *   each flow:   client ip   server ip   client port | server port << 16   egress port | group size << 16
 *
 *   an address:  form 0: none (0.0.0.0)   1: IPv4, its bits   5: IPv6, 4 words and the scope; the form is how many words it takes
 */
const HEAD_WORDS = 11;
const FLOW_WORDS = 4;
const NONCES_USED = 1 << 16;
const HAS_TAGS = 1 << 17;
const HAS_TERMS = 1 << 18;
const VALIDATED = 1 << 18;
const NUMBER_MASK = 3;
const ADDRESS_FORM_SHIFT = 24;
const LOCAL_FORM_SHIFT = 28;
const NO_WORDS = 0;
const IPV4_WORDS = 1;
const IPV6_WORDS = 5;

const FIRST_WORDS = 1_024;

/**
 * Snapshots of sessions as numbers, for relays that have very many. No object is made for each, and each takes only the
 * room of its numbers. The array of all of them can be sent to another thread. Goes through them as
 * {@link SessionSnapshot}s.
 */
export class SnapshotRecords implements Iterable<SessionSnapshot> {
  #words = new Int32Array(FIRST_WORDS);
  #length = 0;
  #record = 0;
  #count = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  add(snapshot: SessionSnapshot): void {
    const { paths, flows } = snapshot;
    this.begin(snapshot);
    for (const { number, address, port, local, isValidated } of paths) {
      const at = this.#beginPath(number, port, isValidated);
      this.#addText(at, address, ADDRESS_FORM_SHIFT);
      this.#addText(at, local, LOCAL_FORM_SHIFT);
    }
    for (const flow of flows) this.addFlow(flow);
  }

  /** Begins another one, without paths and flows: those that are added next are its own, all paths before all flows. */
  begin(snapshot: Omit<SessionSnapshot, 'paths' | 'flows'>): void {
    const { sessionId, multipath, sequence, groupId, nonces, openingNonce, newestTagUs, protection } = snapshot;
    const record = this.#take(HEAD_WORDS);
    const words = this.#words;
    const areUsed = nonces.highest >= 0n;
    this.#record = record;
    this.#count++;
    words[record] = HEAD_WORDS;
    words[record + 1] = sessionId;
    const marks = (areUsed ? NONCES_USED : 0) | (newestTagUs === undefined ? 0 : HAS_TAGS) | (protection === undefined ? 0 : HAS_TERMS);
    words[record + 2] = MULTIPATH_MODES.indexOf(multipath) | marks;
    words[record + 3] = 0;
    words[record + 4] = sequence | (groupId << 16);
    setUint64(words, record + 5, areUsed ? nonces.highest : 0n);
    setUint64(words, record + 7, nonces.below);
    setUint64(words, record + 9, openingNonce);
    if (newestTagUs !== undefined) {
      const at = this.#extend(1);
      this.#words[at] = newestTagUs;
    }
    if (protection !== undefined) {
      const at = this.#extend(1);
      this.#words[at] = packTerms(protection);
    }
  }

  /** @param at its address and the node's, handles of `addresses`. */
  addPath(addresses: AddressBook, { ip, port, local }: ClientAddress, number: PathNumber, isValidated: boolean): void {
    const at = this.#beginPath(number, port, isValidated);
    this.#addHandle(at, addresses, ip, ADDRESS_FORM_SHIFT);
    this.#addHandle(at, addresses, local, LOCAL_FORM_SHIFT);
  }

  addFlow({ clientIp, clientPort, serverIp, serverPort, egressPort, groupSize }: FlowSnapshot): void {
    const at = this.#extend(FLOW_WORDS);
    this.#words[this.#record + 3]++;
    this.#words[at] = clientIp;
    this.#words[at + 1] = serverIp;
    this.#words[at + 2] = clientPort | (serverPort << 16);
    this.#words[at + 3] = egressPort | (groupSize << 16);
  }

  /** @returns all of them, for {@link snapshotsIn}. There are none here afterwards. */
  take(): Int32Array<ArrayBuffer> {
    const taken = this.#words.slice(0, this.#length);
    this.#length = 0;
    this.#count = 0;
    return taken;
  }

  [Symbol.iterator](): Iterator<SessionSnapshot> {
    return snapshotsIn(this.#words.subarray(0, this.#length));
  }

  /** @returns where the path's first word is. */
  #beginPath(number: PathNumber, port: Port, isValidated: boolean): number {
    const at = this.#extend(1);
    this.#words[this.#record + 2] += 1 << 8;
    this.#words[at] = port | (number << 16) | (isValidated ? VALIDATED : 0);
    return at;
  }

  #addHandle(path: number, addresses: AddressBook, handle: AddressHandle, formShift: number): void {
    const at = this.#beginAddress(path, isIpv6(handle), handle, formShift);
    if (!isIpv6(handle)) return;
    for (let part = 0; part < 4; part++) this.#words[at + part] = addresses.word(handle, part);
    this.#words[at + 4] = addresses.scope(handle);
  }

  #addText(path: number, text: string, formShift: number): void {
    const parsed = parseAddressWords(text);
    if (parsed === undefined) throw new RangeError(`a snapshot has addresses, got ${text}`);
    const { words, scope } = parsed;
    const isLong = text.includes(':');
    const at = this.#beginAddress(path, isLong, words[3], formShift);
    if (!isLong) return;
    this.#words.set(words, at);
    this.#words[at + 4] = scope;
  }

  /** Takes room for an address, notes its form, and writes it if it is IPv4. @returns where it begins. */
  #beginAddress(path: number, isLong: boolean, ipv4: number, formShift: number): number {
    const form = isLong ? IPV6_WORDS : ipv4 === 0 ? NO_WORDS : IPV4_WORDS;
    const at = this.#extend(form);
    this.#words[path] |= form << formShift;
    if (form === IPV4_WORDS) this.#words[at] = ipv4;
    return at;
  }

  /** Takes words for the record under way. */
  #extend(words: number): number {
    const at = this.#take(words);
    this.#words[this.#record] += words;
    return at;
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

/** The ids of the sessions in what {@link SnapshotRecords.take} gave, unsigned. */
export function* sessionIdsIn(records: Int32Array): Generator<number> {
  for (let record = 0; record < records.length; record += records[record]) yield records[record + 1] >>> 0;
}

/** The snapshots themselves, made while they are looked at. */
export function* snapshotsIn(records: Int32Array): Generator<SessionSnapshot> {
  for (let record = 0; record < records.length; record += records[record]) yield snapshotAt(records, record);
}

/** The snapshot of one session, the last one if it is there more than once; undefined if there is none. */
export function snapshotIn(records: Int32Array, sessionId: number): SessionSnapshot | undefined {
  let found = -1;
  for (let record = 0; record < records.length; record += records[record]) if (records[record + 1] >>> 0 === sessionId) found = record;
  return found < 0 ? undefined : snapshotAt(records, found);
}

function snapshotAt(words: Int32Array, record: number): SessionSnapshot {
  const modePathsAndNonces = words[record + 2];
  const paths: PathSnapshot[] = [];
  const hasTags = (modePathsAndNonces & HAS_TAGS) !== 0;
  const hasTerms = (modePathsAndNonces & HAS_TERMS) !== 0;
  const terms = record + HEAD_WORDS + (hasTags ? 1 : 0);
  let at = terms + (hasTerms ? 1 : 0);
  for (let left = (modePathsAndNonces >>> 8) & 0xff; left > 0; left--) {
    const head = words[at];
    const addressForm = (head >>> ADDRESS_FORM_SHIFT) & 0xf;
    const localForm = head >>> LOCAL_FORM_SHIFT;
    const local = at + 1 + addressForm;
    paths.push({
      number: (head >>> 16) & NUMBER_MASK,
      isValidated: (head & VALIDATED) !== 0,
      address: addressAt(words, at + 1, addressForm),
      port: head & 0xffff,
      local: addressAt(words, local, localForm),
    });
    at = local + localForm;
  }
  return {
    sessionId: words[record + 1] >>> 0,
    multipath: MULTIPATH_MODES[modePathsAndNonces & 0xff],
    paths,
    sequence: words[record + 4] & 0xffff,
    groupId: words[record + 4] >>> 16,
    nonces: {
      highest: (modePathsAndNonces & NONCES_USED) === 0 ? -1n : uint64At(words, record + 5),
      below: uint64At(words, record + 7),
    },
    openingNonce: uint64At(words, record + 9),
    newestTagUs: hasTags ? words[record + HEAD_WORDS] : undefined,
    protection: hasTerms ? unpackTerms(words[terms]) : undefined,
    flows: Array.from({ length: words[record + 3] }, (_, i) => flowAt(words, at + i * FLOW_WORDS)),
  };
}

function addressAt(words: Int32Array, at: number, form: number): string {
  if (form === IPV6_WORDS) return formatAddressWords(words[at], words[at + 1], words[at + 2], words[at + 3], words[at + 4]);
  return formatIpv4(form === IPV4_WORDS ? words[at] : 0);
}

function flowAt(words: Int32Array, at: number): FlowSnapshot {
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
