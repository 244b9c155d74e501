#!/usr/bin/env node
import { runProgram } from './cli/program.ts';
import { Terminal } from './cli/terminal.ts';

// A reader that has gone away, as in `lightspeed decode - | head`, is no reason to crash; nor is a terminal that was closed.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}
process.exitCode = await runProgram(process.argv.slice(2), new Terminal());
