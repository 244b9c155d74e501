import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { KERNEL_MODULE, compileKernelModule } from '../kernel/compile.ts';

it('byte for byte', async () => {
  const committed = await readFile(KERNEL_MODULE, 'utf8');
  expect(
    committed === (await compileKernelModule()),
    'src/xor-kernel-bytes.ts is not what assembly/xor.ts compiles to. Run "npx -y pnpm@12.21.0 exec nx kernel fec" and commit what it writes.',
  ).toBe(true);
});
