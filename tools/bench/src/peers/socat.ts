import { ForeignProcess, LOOPBACK } from '@lightspeed/lab';
import { formatEndpoint, formatIpv4 } from '@lightspeed/wire';
import type { RelayUnderTest } from '../macro/relay-under-test.ts';
import { freePort } from './free-port.ts';
import type { PeerPlace } from './peer.ts';

const START_MS = 5_000;
const BUFFERS = `rcvbuf=${4 << 20},sndbuf=${4 << 20}`;

/** socat between one client and the game server: for more clients it would need a process each. */
export async function startSocat({ folder, gameServer, within }: PeerPlace): Promise<RelayUnderTest> {
  const address = { ip: LOOPBACK, port: await freePort(LOOPBACK) };
  const words = [
    ...[...within, 'socat', '-d', '-d'],
    `UDP4-LISTEN:${address.port},bind=${formatIpv4(LOOPBACK)},${BUFFERS}`,
    `UDP4:${formatEndpoint(gameServer.ip, gameServer.port)},${BUFFERS}`,
  ];
  const running = new ForeignProcess(words[0], words.slice(1), process.env, folder);
  await running.line(/listening on UDP/, START_MS);
  return {
    name: 'socat',
    command: `socat UDP4-LISTEN:PORT,bind=127.0.0.1,${BUFFERS} UDP4:SERVER,${BUFFERS}`,
    target: { name: 'socat', framing: { kind: 'plain' }, address },
    pids: [running.pid],
    shares: 1,
    logTail: () => running.lines.slice(-10).join('\n'),
    stop: () => running.kill(),
  };
}
