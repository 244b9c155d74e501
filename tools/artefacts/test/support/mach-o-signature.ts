import { hash } from 'node:crypto';

/*
 * A program of macOS, and the signature in it, as Apple's sources describe them (EXTERNAL_HEADERS/mach-o/loader.h and
 * osfmk/kern/cs_blobs.h of XNU). The program is little-endian, and its signature big-endian:
 *
 *   super blob       magic, length, count, then for each blob: type, offset
 *   code directory   magic, length, version, flags, offset of hashes, offset of the name, special hashes, hashes, bytes that are
 *                    hashed, bytes of a hash, its kind, platform, logarithm of a page
 */

const MAGIC_64 = 0xfeed_facf;
const HEADER_BYTES = 32;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const LC_DYLD_EXPORTS_TRIE = 0x8000_0033;
const LC_DYLD_CHAINED_FIXUPS = 0x8000_0034;
const SUPER_BLOB = 0xfade_0cc0;
const CODE_DIRECTORY = 0xfade_0c02;
const SHA_256 = 2;

/** What a program's signature says, and whether it is right. */
export interface MachOSignature {
  /** Nobody has signed it: it only says what the program is. */
  readonly isAdHoc: boolean;
  /** Whether Apple's restrictions for programs that it has checked hold: they forbid code that is made at run time. */
  readonly isHardened: boolean;
  /** Numbers of pages that are not as they were signed. */
  readonly wrongPages: readonly number[];
  readonly pages: number;
  /** Whether it is of all in front of itself, and nothing is behind it. */
  readonly isOfAll: boolean;
}

/** @returns undefined for a program without a signature. @throws {Error} for what is no program of macOS for one processor. */
export function readMachOSignature(program: Buffer): MachOSignature | undefined {
  const commands = commandsIn(program);
  const ends = commands.filter(({ kind }) => kind === LC_SEGMENT_64).map(({ body }) => segmentAt(body).end);
  const segmentsEnd = Math.max(...ends);
  const signature = commands.find(({ kind }) => kind === LC_CODE_SIGNATURE)?.body;
  if (signature === undefined) return undefined;
  const [at, bytes] = [signature.readUInt32LE(8), signature.readUInt32LE(12)];
  const directory = codeDirectoryIn(program.subarray(at, at + bytes));
  const [flags, hashes, pages, hashed] = [12, 16, 28, 32].map((offset) => directory.readUInt32BE(offset));
  const [hashBytes, hashKind, , pageBits] = directory.subarray(36, 40);
  if (hashKind !== SHA_256) throw new Error(`its pages are hashed by kind ${hashKind}`);
  const pageBytes = 2 ** pageBits;
  const isWrong = (page: number) => {
    const text = hash('sha256', program.subarray(page * pageBytes, Math.min(hashed, (page + 1) * pageBytes)), 'buffer');
    return !text.equals(directory.subarray(hashes + page * hashBytes, hashes + (page + 1) * hashBytes));
  };
  return {
    isAdHoc: (flags & 2) !== 0,
    isHardened: (flags & 0x1_0000) !== 0,
    wrongPages: Array.from({ length: pages }, (_, page) => page).filter(isWrong),
    pages,
    isOfAll: hashed === at && pages === Math.ceil(hashed / pageBytes) && segmentsEnd === program.length && at + bytes === program.length,
  };
}

/** What a program consists of beside symbols: the bytes of its segments, and of what the loader is told of addresses and names. */
export function partsOfMachO(program: Buffer): ReadonlyMap<string, Buffer> {
  const parts = new Map<string, Buffer>();
  for (const { kind, body } of commandsIn(program)) {
    const [offset, bytes] = [body.readUInt32LE(8), kind === LC_SEGMENT_64 ? 0 : body.readUInt32LE(12)];
    if (kind === LC_DYLD_CHAINED_FIXUPS) parts.set('fixups', program.subarray(offset, offset + bytes));
    if (kind === LC_DYLD_EXPORTS_TRIE) parts.set('exports', program.subarray(offset, offset + bytes));
    if (kind !== LC_SEGMENT_64) continue;
    const { name, start, end } = segmentAt(body);
    if (name !== '__LINKEDIT') parts.set(name, program.subarray(start, end));
  }
  return parts;
}

interface Command {
  readonly kind: number;
  readonly body: Buffer;
}

function commandsIn(program: Buffer): Command[] {
  if (program.readUInt32LE(0) !== MAGIC_64) throw new Error('no 64-bit program of macOS');
  const commands: Command[] = [];
  for (let at = HEADER_BYTES; commands.length < program.readUInt32LE(16);) {
    const bytes = program.readUInt32LE(at + 4);
    commands.push({ kind: program.readUInt32LE(at), body: program.subarray(at, at + bytes) });
    at += bytes;
  }
  return commands;
}

function segmentAt(body: Buffer): { readonly name: string; readonly start: number; readonly end: number } {
  const start = Number(body.readBigUInt64LE(40));
  return { name: body.toString('latin1', 8, 24).replaceAll('\0', ''), start, end: start + Number(body.readBigUInt64LE(48)) };
}

function codeDirectoryIn(signature: Buffer): Buffer {
  if (signature.readUInt32BE(0) !== SUPER_BLOB) throw new Error('its signature is none');
  for (let blob = 0; blob < signature.readUInt32BE(8); blob++) {
    const at = signature.readUInt32BE(16 + 8 * blob);
    if (signature.readUInt32BE(at) === CODE_DIRECTORY) return signature.subarray(at, at + signature.readUInt32BE(at + 4));
  }
  throw new Error('its signature does not say what the program is');
}
