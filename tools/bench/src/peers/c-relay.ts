import { join } from 'node:path';
import { ForeignProcess, LOOPBACK, command } from '@lightspeed/lab';
import { formatIpv4 } from '@lightspeed/wire';
import type { RelayUnderTest } from '../macro/relay-under-test.ts';
import type { PeerPlace } from './peer.ts';

const START_MS = 5_000;

/** Compiles and starts the minimal relay in C. */
export async function startCRelay({ folder, gameServer, within }: PeerPlace): Promise<RelayUnderTest> {
  const program = join(folder, 'c-relay');
  await command('cc', ['-O2', '-o', program, new URL('./c-relay.c', import.meta.url).pathname]);
  const words = [...within, program, formatIpv4(LOOPBACK), formatIpv4(gameServer.ip), String(gameServer.port)];
  const running = new ForeignProcess(words[0], words.slice(1), process.env, folder);
  const port = Number(await running.line(/^\d+$/, START_MS));
  return {
    name: 'C',
    command: 'cc -O2 -o c-relay c-relay.c; c-relay 127.0.0.1 SERVER_IP SERVER_PORT',
    target: { name: 'C', framing: { kind: 'header' }, address: { ip: LOOPBACK, port } },
    pids: [running.pid],
    shares: 1,
    logTail: () => running.lines.slice(-10).join('\n'),
    stop: () => running.kill(),
  };
}
