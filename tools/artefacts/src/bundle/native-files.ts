import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PLATFORMS } from '../base/platforms.ts';
import type { Platform } from '../base/platforms.ts';
import type { Say } from '../base/progress.ts';
import { requireTool, runTool } from '../base/run-tool.ts';
import { npmPackage } from '../fetch/npm-package.ts';

/** The QUIC library's wasm form, which runs where it has no native code. */
const QUIC_WASM = 'http3_client.wasm';

/** Of Node, and of all that is compiled into it. */
export const NODE_LICENCE = 'NODE-LICENSE.txt';

/**
 * What programs need beside their scripts on a platform, by names: Node as `node` and its licence, native code, wasm. Symbols are taken out,
 * where there is a tool for it. Only the program is signed anew, so native code that needs its signature keeps its symbols.
 * @throws {ArtefactError} (rejection) if a tool is missing, or a package cannot be fetched.
 */
export async function nativeFiles(platform: Platform, say: Say): Promise<ReadonlyMap<string, Buffer>> {
  const { node, quicAddon, koffi } = platform;
  const quic = dirname(dirname(createRequire(import.meta.url).resolve('@currentspace/http3')));
  const found: [name: string, file: string][] = [['node', join(await npmPackage(node.package, say), node.file)]];
  if (quicAddon !== undefined) found.push(['http3.node', join(quic, quicAddon)]);
  if (koffi !== undefined) found.push(['koffi.node', join(await npmPackage(koffi.package, say), koffi.file)]);
  const files = new Map<string, Buffer>();
  for (const [name, file] of found) {
    const isStripped = platform.strip.length > 0 && (name === 'node' || !platform.isSigned);
    if (isStripped) say(`${platform.name}: taking symbols out of ${name}`);
    files.set(name, isStripped ? await withoutSymbols(file, platform) : readFileSync(file));
  }
  // Of the same version on every system, and not in all of its packages.
  files.set(NODE_LICENCE, readFileSync(join(await npmPackage(PLATFORMS[0].node.package, say), 'LICENSE')));
  files.set(QUIC_WASM, readFileSync(join(quic, 'dist/wasm', QUIC_WASM)));
  return files;
}

async function withoutSymbols(file: string, { strip, isSigned }: Platform): Promise<Buffer> {
  const tool = requireTool(strip, 'sudo apt install binutils binutils-aarch64-linux-gnu, or llvm');
  const work = mkdtempSync(join(tmpdir(), 'lightspeed-strip-'));
  try {
    const copy = join(work, 'native');
    cpSync(file, copy);
    chmodSync(copy, 0o755);
    // Of a program for macOS others are needed yet.
    await runTool(tool, [isSigned ? '--discard-all' : '--strip-all', copy]);
    return readFileSync(copy);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
