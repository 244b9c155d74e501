import { join } from 'node:path';
import { ForeignProcess, LOOPBACK } from '@lightspeed/lab';
import { formatIpv4 } from '@lightspeed/wire';
import type { RelayUnderTest } from '../macro/relay-under-test.ts';
import { freePort } from './free-port.ts';
import type { PeerPlace } from './peer.ts';

const START_MS = 5_000;

/**
 * coturn as a TURN server without credentials, which are a matter of allocations and not of packets. Its own load tool
 * counts no latencies and keeps to no rate, so clients are those that all relays get, speaking ChannelData.
 */
export async function startCoturn({ folder, within }: PeerPlace): Promise<RelayUnderTest> {
  const address = { ip: LOOPBACK, port: await freePort(LOOPBACK) };
  const options = [
    ...['-n', '--no-auth', '--no-cli', '--allow-loopback-peers', '--relay-threads', '1'],
    ...['--listening-ip', formatIpv4(LOOPBACK), '--listening-port', String(address.port), '--relay-ip', formatIpv4(LOOPBACK)],
    ...['--no-tcp', '--no-tls', '--no-dtls', '--no-software-attribute'],
  ];
  const words = [
    ...[...within, 'turnserver', ...options],
    ...['--log-file', 'stdout', '--simple-log', '--pidfile', join(folder, 'turn.pid'), '--userdb', join(folder, 'turn.db')],
  ];
  const running = new ForeignProcess(words[0], words.slice(1), process.env, folder);
  await running.line(/SQLite DB connection success/, START_MS);
  return {
    name: 'coturn',
    command: `turnserver ${options.join(' ').replace(String(address.port), 'PORT')}`,
    target: { name: 'coturn', framing: { kind: 'turn' }, address },
    pids: [running.pid],
    shares: 1,
    logTail: () => running.lines.slice(-10).join('\n'),
    stop: () => running.kill(),
  };
}
