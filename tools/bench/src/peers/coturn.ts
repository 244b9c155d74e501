import { join } from 'node:path';
import { ForeignProcess, LOOPBACK, freeLoopbackEndpoint } from '@lightspeed/lab';
import { formatIpv4 } from '@lightspeed/wire';
import type { Place, Relay } from '../relays/relay.ts';
import { missing } from './missing.ts';

const START_MS = 5_000;

/** Why coturn cannot run here; undefined if it can. */
export function whyNoCoturn(): string | undefined {
  return missing('turnserver', 'apt-get install coturn');
}

/**
 * coturn as a TURN server with one relay thread and without credentials, which are a matter of allocations and not of
 * packets. Clients are those that all relays get, speaking ChannelData.
 */
export async function startCoturn(name: string, { folder, within }: Place, undo: AsyncDisposableStack): Promise<Relay> {
  const address = await freeLoopbackEndpoint();
  const words = [
    ...[...within, 'turnserver', '-n', '--no-auth', '--no-cli', '--allow-loopback-peers', '--relay-threads', '1'],
    ...['--listening-ip', formatIpv4(LOOPBACK), '--listening-port', String(address.port), '--relay-ip', formatIpv4(LOOPBACK)],
    ...['--no-tcp', '--no-tls', '--no-dtls', '--no-software-attribute', '--log-file', 'stdout', '--simple-log'],
    ...['--pidfile', join(folder, 'turn.pid'), '--userdb', join(folder, 'turn.db')],
  ];
  const running = new ForeignProcess(words[0], words.slice(1), process.env, folder);
  undo.defer(() => running.kill());
  await running.line(/SQLite DB connection success/, START_MS);
  return { name, target: { framing: { kind: 'turn' }, address }, pids: [running.pid], lines: running.lines };
}
