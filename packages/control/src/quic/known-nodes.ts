import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatPin, parsePin } from './pin.ts';
import { QuicError, reasonOf } from './transport/quic-error.ts';
import { replaceFile } from './replace-file.ts';

/** The keys of nodes that were trusted on first use, in a file of lines `HOST:PORT PIN`. */
export interface KnownNodes {
  /** @param node as the user named it: `HOST:PORT` */
  pinOf(node: string): Uint8Array | undefined;
  /** Keeps a pin, in memory and in the file (mode 0600, replaced as a whole). */
  remember(node: string, pin: Uint8Array): Promise<void>;
}

/**
 * Reads the file; one that is not there is empty. Lines that are empty or begin with `#` are skipped.
 *
 * @throws {QuicError} `ERR_QUIC_IDENTITY` when it cannot be read or a line is none; it is never written over then
 */
export async function loadKnownNodes(file: string): Promise<KnownNodes> {
  const pins = new Map<string, Uint8Array>();
  for (const [index, line] of (await linesOf(file)).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [node, pin, ...more] = line.trim().split(/\s+/);
    try {
      if (node === undefined || pin === undefined || more.length > 0) throw new Error('expected HOST:PORT and a pin');
      pins.set(node, parsePin(pin));
    } catch (thrown) {
      throw new QuicError('ERR_QUIC_IDENTITY', `${file}, line ${index + 1}: ${reasonOf(thrown)}`, { cause: thrown });
    }
  }
  return {
    pinOf: (node) => pins.get(node),
    remember: async (node, pin) => {
      if (node === '' || /\s/.test(node)) throw new QuicError('ERR_QUIC_OPTION', `a node is named HOST:PORT, got ${JSON.stringify(node)}`);
      pins.set(node, pin);
      const lines = [...pins].map(([name, kept]) => `${name} ${formatPin(kept)}\n`);
      try {
        await mkdir(dirname(file), { recursive: true, mode: 0o700 });
        await replaceFile(file, lines.join(''));
      } catch (thrown) {
        throw new QuicError('ERR_QUIC_IDENTITY', `${file} cannot be written: ${reasonOf(thrown)}`, { cause: thrown });
      }
    },
  };
}

async function linesOf(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw new QuicError('ERR_QUIC_IDENTITY', `${file} cannot be read: ${reasonOf(thrown)}`, { cause: thrown });
  }
}
