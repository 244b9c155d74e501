import { PassThrough } from 'node:stream';
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LogOutput } from '../src/node/log-output.ts';
import { eventually } from './support/eventually.ts';
import { NodeProgram } from './support/node-program.ts';
import { playingClient } from './support/registered-client.ts';
import { testServer } from './support/scene.ts';
import { temporaryFile } from './support/temporary-file.ts';

const LINE = `${'x'.repeat(1_023)}\n`;

it('a log that nobody reads keeps a megabyte, counts what it drops, and says so once when it is read again', async () => {
  const stream = new PassThrough();
  const told: number[] = [];
  const output = new LogOutput(stream, (lines) => told.push(lines));
  for (let line = 0; line < 3_000; line++) output.write(LINE);
  expect(output.droppedLines).toBeGreaterThan(1_900);
  expect(output.droppedLines).toBeLessThan(2_000);
  expect(told).toEqual([]);
  stream.resume();
  await eventually(() => expect(told).toEqual([output.droppedLines]));
});

it('a node whose log nobody reads goes on, counts the lines that it drops, and ends when it is asked to', async () => {
  // Whatever is wrong is in the log, word for word.
  const file = temporaryFile('node.toml', '[http]\nbind = "127.0.0.1:0"\n');
  const program = await NodeProgram.start('--state-dir', 'off', '--config', file, '--http-bind', '127.0.0.1:0');
  const { http } = await program.serving();
  const dropped = async () => {
    const page = await (await fetch(`${String(http)}/metrics`)).text();
    return Number(/^lightspeed_log_lines_dropped_total (\d+)$/m.exec(page)?.[1]);
  };
  const server = await testServer();
  const client = await playingClient(program);
  program.stopReading();
  writeFileSync(file, `[server]\nregion = [${JSON.stringify('x'.repeat(200_000))}]\n`);
  await eventually(async () => {
    program.signal('SIGHUP');
    expect(await dropped()).toBeGreaterThan(0);
  });
  await client.roundTrip(server.endpoint, 'still relayed');

  program.readOn();
  await eventually(() => expect(program.stdout).toContain('lines of this log were dropped: nobody read them in time'));
  program.stopReading();
  program.signal('SIGTERM');
  await client.control.heard('disconnect');
  client.fin();
  expect((await program.exited).code).toBe(0);
});
