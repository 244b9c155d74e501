import { join } from 'node:path';
import { ForeignProcess, LOOPBACK, command } from '@lightspeed/lab';
import { formatIpv4 } from '@lightspeed/wire';
import type { Place, Relay } from '../relays/relay.ts';
import { missing } from './missing.ts';

const START_MS = 5_000;

/** Why the relay in C cannot be built here; undefined if it can. */
export function whyNoCRelay(): string | undefined {
  return missing('cc', 'apt-get install gcc libc6-dev');
}

/** Compiles and starts the minimal relay in C: the same system calls and the same datagrams, and no features. */
export async function startCRelay(name: string, { folder, gameServer, within }: Place, undo: AsyncDisposableStack): Promise<Relay> {
  const program = join(folder, 'c-relay');
  await command('cc', ['-O2', '-o', program, new URL('./c-relay.c', import.meta.url).pathname]);
  const words = [...within, program, formatIpv4(LOOPBACK), formatIpv4(gameServer.ip), String(gameServer.port)];
  const running = new ForeignProcess(words[0], words.slice(1), process.env, folder);
  undo.defer(() => running.kill());
  const port = Number(await running.line(/^\d+$/, START_MS));
  return { name, target: { framing: { kind: 'header' }, address: { ip: LOOPBACK, port } }, pids: [running.pid], lines: running.lines };
}
