#!/usr/bin/env node
import { runProgram } from './cli/program.ts';
import { Terminal } from './cli/terminal.ts';

// A reader that has gone away, as in `lightspeed decode - | head`, is no reason to crash.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await runProgram(process.argv.slice(2), new Terminal());
