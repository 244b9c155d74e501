import { writeFile } from 'node:fs/promises';
import { KERNEL_MODULE, compileKernelModule } from './compile.ts';

await writeFile(KERNEL_MODULE, await compileKernelModule());
