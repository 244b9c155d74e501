#!/usr/bin/env node
import { nodeFault } from '@lightspeed/commands/required-node';

// The first would open Node's inspector to every user of this machine, the second would end the node.
for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => undefined);

// Whoever reads has seen enough, such as `head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** Who does not read does not keep the program from ending. */
const FLUSH_MS = 300;

const code = await run(process.argv.slice(2));
await Promise.race([new Promise((resolve) => process.stdout.write('', resolve)), new Promise((resolve) => setTimeout(resolve, FLUSH_MS))]);
// A start that failed may have left something open that would keep the process alive, such as the QUIC library's threads.
process.exit(code);

async function run(args: readonly string[]): Promise<number> {
  const fault = nodeFault(process.versions.node);
  if (fault !== undefined) {
    process.stderr.write(`lightspeed-proxy: ${fault}\n`);
    return 1;
  }
  try {
    const { runCli } = await import('./cli/program.ts');
    return await runCli(args);
  } catch (error) {
    if (!isOutOfDescriptors(error)) throw error;
    process.stderr.write(`lightspeed-proxy: ${wordsOf(error)}: raise the limit of open files with ulimit -n, or LimitNOFILE of systemd\n`);
    return 1;
  }
}

/** Modules that are loaded later need descriptors too, and their errors come from anywhere. */
function isOutOfDescriptors(error: unknown): boolean {
  return /\b(EMFILE|ENFILE)\b/.test(error instanceof Error && 'code' in error ? `${String(error.code)} ${error.message}` : wordsOf(error));
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
