#!/usr/bin/env node
import { nodeFault } from '@lightspeed/commands/required-node';

// A reader that has gone away, as in `lightspeed decode - | head`, is no reason to crash; nor is a terminal that was closed.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

const fault = nodeFault(process.versions.node);
if (fault === undefined) {
  const { runProgram } = await import('./cli/program.ts');
  const { Terminal } = await import('./cli/terminal.ts');
  process.exitCode = await runProgram(process.argv.slice(2), new Terminal());
} else {
  process.stderr.write(`lightspeed: ${fault}\n`);
  process.exitCode = 1;
}
