import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ForeignProcess, familyOf, freeLoopbackEndpoint } from '@lightspeed/lab';
import { formatEndpoint } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { BenchError } from '../bench-error.ts';
import { lastWords } from '../relays/relay.ts';
import type { Place, Relay } from '../relays/relay.ts';
import { missing } from './missing.ts';

const INSTALL = 'apt-get install nginx-light libnginx-mod-stream';
/** Where Debian and its kin put the dynamic module. */
const STREAM_MODULES = ['/usr/lib/nginx/modules/ngx_stream_module.so', '/usr/lib64/nginx/modules/ngx_stream_module.so'];
const START_MS = 5_000;
const LOOK_EVERY_MS = 20;

/** Why nginx cannot relay datagrams here; undefined if it can. */
export function whyNoNginx(): string | undefined {
  const program = missing('nginx', INSTALL);
  if (program !== undefined || STREAM_MODULES.some((file) => existsSync(file))) return program;
  const builtIn = /--with-stream(?!=dynamic)\b/.test(spawnSync('nginx', ['-V'], { encoding: 'utf8' }).stderr);
  return builtIn ? undefined : `this nginx has no module for streams: \`${INSTALL}\``;
}

/** nginx as a proxy of UDP: its master and its one worker. */
export async function startNginx(name: string, { folder, gameServer, within }: Place, undo: AsyncDisposableStack): Promise<Relay> {
  const listen = await freeLoopbackEndpoint();
  const config = join(folder, 'nginx.conf');
  await writeFile(
    config,
    nginxConfig(
      folder,
      listen,
      gameServer,
      STREAM_MODULES.find((file) => existsSync(file)),
    ),
  );
  const words = [...within, 'nginx', '-p', folder, '-e', 'stderr', '-c', config];
  const running = new ForeignProcess(words[0], words.slice(1), process.env, folder);
  undo.defer(() => running.stop());
  const pids = await masterAndWorker(running);
  return { name, target: { framing: { kind: 'plain' }, address: listen }, pids, lines: running.lines };
}

/** The master listens before it starts the worker. */
async function masterAndWorker(running: ForeignProcess): Promise<number[]> {
  for (const untilMs = performance.now() + START_MS; ; await setTimeout(LOOK_EVERY_MS)) {
    const pids = familyOf(running.pid);
    if (pids.length === 2) return pids;
    if (performance.now() < untilMs) continue;
    throw new BenchError('ERR_BENCH_RELAY', `nginx has ${pids.length} processes in place of 2; ${lastWords(running.lines)}`);
  }
}

/** As an operator would set it up for games: large buffers, no log, sessions that stay for ten minutes. */
export function nginxConfig(folder: string, listen: Endpoint, gameServer: Endpoint, module: string | undefined): string {
  return `${module === undefined ? '' : `load_module ${module};\n`}worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
error_log stderr notice;
daemon off;
events {
  worker_connections 8192;
}
stream {
  access_log off;
  proxy_timeout 10m;
  server {
    listen ${formatEndpoint(listen.ip, listen.port)} udp rcvbuf=4m sndbuf=4m;
    proxy_pass ${formatEndpoint(gameServer.ip, gameServer.port)};
  }
}
`;
}
