import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { libc } from '../base/libc.ts';
import { DEFAULT_CAPTURE_SOCKET } from '../protocol.ts';
import { DEFAULT_SLICE } from './control-groups.ts';
import { CaptureServer, NUMBER_FILE } from './server.ts';

/*
 * The privileged helper's program: the installation's unit starts it as root.
 */

const IDLE_MS = 10_000;

const { values } = parseArgs({
  options: {
    listen: { type: 'string', default: DEFAULT_CAPTURE_SOCKET },
    'gateway-file': { type: 'string', default: '/etc/lightspeed/gateway' },
    slice: { type: 'string', default: DEFAULT_SLICE },
    stay: { type: 'boolean', default: false },
  },
});

// What it cannot do without: it says so now, not when somebody comes.
libc();

const isGiven = process.env['LISTEN_PID'] === String(process.pid) && process.env['LISTEN_FDS'] === '1';
const helper = new CaptureServer({
  listen: isGiven ? 'given' : { path: values.listen },
  numberFile: join(dirname(values.listen), NUMBER_FILE),
  gatewayFile: values['gateway-file'],
  slice: values.slice,
  idleMs: values.stay ? 0 : IDLE_MS,
  log: (text) => process.stderr.write(`${text}\n`),
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => helper.end());
const served = helper.serve();
await helper.listening;
process.stderr.write(`listening at ${isGiven ? 'the socket that was given' : values.listen}\n`);
await served;
