import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';

const compressBytes = promisify(zstdCompress);
/** The strongest that `zstd -d` takes without further options: 128 MB of window. */
const LEVEL = 19;
const WINDOW_LOG = 27;

/** Writes a file's compressed form (RFC 8878) beside it, with `.zst` behind its name. Takes a minute or two for a program. */
export async function compress(file: string): Promise<void> {
  const bytes = readFileSync(file);
  const params = {
    [constants.ZSTD_c_compressionLevel]: LEVEL,
    [constants.ZSTD_c_windowLog]: WINDOW_LOG,
    [constants.ZSTD_c_enableLongDistanceMatching]: 1,
    [constants.ZSTD_c_checksumFlag]: 1,
  };
  writeFileSync(`${file}.zst`, await compressBytes(bytes, { params, pledgedSrcSize: bytes.length }));
}
