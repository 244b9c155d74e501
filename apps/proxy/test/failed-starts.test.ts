import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { keptFolder } from './support/kept-folder.ts';
import { Program } from './support/program.ts';
import type { ProgramOptions } from './support/program.ts';
import { temporaryFile } from './support/temporary-file.ts';

/** A free UDP port that this process has until the test ends. */
async function takenPort(): Promise<number> {
  const other = createSocket('udp4');
  onTestFinished(() => void other.close());
  other.bind(0, '127.0.0.1');
  await once(other, 'listening');
  return other.address().port;
}

/** Starts a node that cannot start, with everything open that can be open by then. @returns how it has ended. */
function failed(flags: readonly string[], options?: ProgramOptions) {
  const usual = ['--data-bind', '127.0.0.1:0', '--control-bind', '127.0.0.1:0', '--http-bind', '127.0.0.1:0'];
  const program = new Program(['serve', ...usual, '--state-dir', keptFolder(), '--log-level', 'warn', ...flags], options);
  return program.result();
}

it('a node whose control port is taken says so and ends', async () => {
  const address = `127.0.0.1:${await takenPort()}`;
  expect(await failed(['--control-bind', address])).toEqual({
    code: 1,
    stdout: '',
    stderr: `lightspeed-proxy: ${address} (control plane) cannot be used: another program listens there (EADDRINUSE): end it, or choose another port; see --control-bind\n`,
  });
});

it('a node whose HTTP port is taken says so and ends, although its control plane serves by then', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  const { code, stderr } = await failed(['--http-bind', address]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^lightspeed-proxy: .* \(HTTP\) cannot be used: another program listens there .*\n$/);
});

it('a node one of whose workers fails says so and ends, although the other one serves', async () => {
  const fault = temporaryFile(
    'fault.cjs',
    "if (require('node:worker_threads').threadName === 'data-plane-1') throw new Error('made to fail')\n",
  );
  const { code, stderr } = await failed(['--workers', '2'], { env: { NODE_OPTIONS: `--require=${fault}` } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^lightspeed-proxy: .*made to fail.*\n$/);
});

it('one port for both planes is wrong configuration', async () => {
  const { code, stderr } = await failed(['--data-bind', '[::]:4434', '--control-bind', '127.0.0.1:4434']);
  expect(code).toBe(2);
  expect(stderr).toBe(
    'lightspeed-proxy: --data-bind ([::]:4434) and --control-bind (127.0.0.1:4434): got UDP port 4434 for both, allowed are two ports: choose another for one\n',
  );
});

it.each([24, 40, 71])('a node that may have %i files open says so in one line and ends', async (files) => {
  expect(await failed([], { limits: `ulimit -n ${files}` })).toEqual({
    code: 1,
    stdout: '',
    stderr: `lightspeed-proxy: this process may have ${files} files open, and a node needs at least 72: raise the limit with ulimit -n, or LimitNOFILE of systemd\n`,
  });
});
