import { cpus } from 'node:os';
import { measureGate } from './measure-gate.ts';
import { renderGate } from './render-gate.ts';

/**
 * `pnpm bench --gate`: prints every figure beside its bound.
 * @returns the exit code, 1 if a bound was passed over.
 */
export async function runGate(): Promise<number> {
  console.log(`Node ${process.version}, ${process.platform} ${process.arch}, ${cpus()[0]?.model ?? 'unknown processor'}\n`);
  const judgements = await measureGate((what) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kmeasuring ${what} ...`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(renderGate(judgements));
  const failed = judgements.filter(({ passed }) => !passed);
  for (const { name, value, most, why } of failed) {
    console.error(`bench: ${name}: ${value} is more than ${most} (bounds.json: ${why})`);
  }
  return failed.length === 0 ? 0 : 1;
}
