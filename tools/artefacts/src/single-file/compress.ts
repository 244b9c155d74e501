import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';

const compressBytes = promisify(zstdCompress);
/** The strongest one that takes no more memory to unpack than usual. */
const LEVEL = 19;

/** Writes a file's compressed form (RFC 8878) beside it, with `.zst` behind its name. Takes a minute or two for a program. */
export async function compress(file: string): Promise<void> {
  const bytes = readFileSync(file);
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 };
  writeFileSync(`${file}.zst`, await compressBytes(bytes, { params, pledgedSrcSize: bytes.length }));
}
