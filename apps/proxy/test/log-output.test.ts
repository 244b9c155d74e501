import { PassThrough } from 'node:stream';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LogOutput, TerminalStream } from '../src/node/log-output.ts';
import { eventually } from './support/eventually.ts';
import { keptFolder } from './support/kept-folder.ts';
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

it.skipIf(process.platform === 'win32')(
  'a terminal that takes nothing for a while holds nobody up, and gets everything later',
  async () => {
    const path = join(keptFolder(), 'terminal');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    onTestFinished(() => [reader, writer].forEach(closeSync));
    const stream = new TerminalStream(writer);
    let isFinished = false;
    for (let line = 0; line < 500; line++) stream.write(LINE);
    stream.end(() => (isFinished = true));
    expect(stream.writableLength).toBeGreaterThan(0);
    let read = 0;
    await eventually(() => {
      read += readSync(reader, Buffer.alloc(65_536));
      expect(isFinished).toBe(true);
    });
    while (read < 500 * LINE.length) read += readSync(reader, Buffer.alloc(65_536));
    expect(read).toBe(500 * LINE.length);
  },
);

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
