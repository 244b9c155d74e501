import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/** The AssemblyScript that is compiled, as the package's users see it in the repository. */
const SOURCE = 'assembly/xor.ts';
/** The module that the compiled kernel is kept in. */
export const KERNEL_MODULE = fileURLToPath(new URL('../src/xor-kernel-bytes.ts', import.meta.url));

/** No runtime and no memory of its own: it works on the one that it is given, of whatever size. */
const FLAGS = ['--enable', 'simd', '--runtime', 'stub', '--importMemory', '--noExportMemory', '--initialMemory', '0', '-O3', '--converge'];

const BYTES_PER_LINE = 20;

/** Compiles the XOR kernel and puts its bytes into the text of a TypeScript module: the content of `KERNEL_MODULE`. */
export async function compileKernelModule(): Promise<string> {
  const source = await readFile(new URL(`../${SOURCE}`, import.meta.url), 'utf8');
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([SOURCE, '--outFile', 'xor.wasm', ...FLAGS], {
    readFile: (name) => (name === SOURCE ? source : null),
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) {
    throw new Error(`${SOURCE} does not compile:\n${stderr.toString()}`, { cause: error });
  }
  return moduleOf(binary);
}

function moduleOf(binary: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < binary.length; at += BYTES_PER_LINE) {
    lines.push(`  ${Array.from(binary.subarray(at, at + BYTES_PER_LINE), (byte) => `${byte},`).join(' ')}`);
  }
  return `/**
 * The XOR kernel as WebAssembly, ${binary.length} bytes: \`nx kernel fec\` compiles it from ${SOURCE}. A module, so that the
 * package is whole without a file beside it, wherever it is bundled or run.
 */
export const XOR_KERNEL_BYTES: readonly number[] = [
${lines.join('\n')}
];
`;
}
