import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ForeignProcess, LOOPBACK, command, findProgram, freeLoopbackEndpoint } from '@lightspeed/lab';
import { formatEndpoint, formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import type { Place, Relay } from '../relays/relay.ts';

/** A relay of others, ready for load. */
type Peer = Omit<Relay, 'name'>;

const START_MS = 5_000;
const NGINX_PACKAGES = 'nginx-light libnginx-mod-stream';
/** Where Debian and its kin put the dynamic module of nginx. */
const STREAM_MODULES = ['/usr/lib/nginx/modules/ngx_stream_module.so', '/usr/lib64/nginx/modules/ngx_stream_module.so'];

/** @returns undefined if a program is installed, else that it is not, with the line that installs it. */
export function whyWithout(program: string, packages: string): string | undefined {
  return findProgram(program) === undefined ? `${program} not found: \`apt-get install ${packages}\`` : undefined;
}

/** Why nginx cannot relay datagrams here; undefined if it can. */
export function whyNoNginx(): string | undefined {
  const why = whyWithout('nginx', NGINX_PACKAGES);
  if (why !== undefined || STREAM_MODULES.some((file) => existsSync(file))) return why;
  const builtIn = /--with-stream(?!=dynamic)\b/.test(spawnSync('nginx', ['-V'], { encoding: 'utf8' }).stderr);
  return builtIn ? undefined : `this nginx has no module for streams: \`apt-get install ${NGINX_PACKAGES}\``;
}

/** Compiles and starts the minimal relay in C: the same system calls and the same datagrams, and no features. */
export async function startCRelay(place: Place, undo: AsyncDisposableStack): Promise<Peer> {
  const { ip, port: serverPort } = place.gameServer;
  const program = join(place.folder, 'c-relay');
  await command('cc', ['-O2', '-o', program, new URL('./c-relay.c', import.meta.url).pathname]);
  const running = start([program, formatIpv4(LOOPBACK), formatIpv4(ip), String(serverPort)], place, undo);
  const port = Number(await running.line(/^\d+$/, START_MS));
  return { target: { framing: { kind: 'header' }, address: { ip: LOOPBACK, port } }, pids: [running.pid], lines: running.lines };
}

/**
 * coturn as a TURN server with one relay thread and without credentials, which are a matter of allocations and not of
 * packets. Clients are those that all relays get, speaking ChannelData.
 */
export async function startCoturn(place: Place, undo: AsyncDisposableStack): Promise<Peer> {
  const address = await freeLoopbackEndpoint();
  const words = [
    ...['turnserver', '-n', '--no-auth', '--no-cli', '--allow-loopback-peers', '--relay-threads', '1'],
    ...['--listening-ip', formatIpv4(LOOPBACK), '--listening-port', String(address.port), '--relay-ip', formatIpv4(LOOPBACK)],
    ...['--no-tcp', '--no-tls', '--no-dtls', '--no-software-attribute', '--log-file', 'stdout', '--simple-log'],
    ...['--pidfile', join(place.folder, 'turn.pid'), '--userdb', join(place.folder, 'turn.db')],
  ];
  const running = start(words, place, undo);
  await running.line(/SQLite DB connection success/, START_MS);
  return { target: { framing: { kind: 'turn' }, address }, pids: [running.pid], lines: running.lines };
}

/** nginx as a proxy of UDP: its master and its one worker. */
export async function startNginx(place: Place, undo: AsyncDisposableStack): Promise<Peer> {
  const { folder, gameServer } = place;
  const address = await freeLoopbackEndpoint();
  const config = join(folder, 'nginx.conf');
  const module = STREAM_MODULES.find((file) => existsSync(file));
  await writeFile(config, nginxConfig(folder, address, gameServer, module));
  const running = start(['nginx', '-p', folder, '-e', 'stderr', '-c', config], place, undo);
  const worker = await running.line(/start worker process \d+$/, START_MS);
  const pids = [running.pid, Number(worker.split(' ').at(-1))];
  return { target: { framing: { kind: 'plain' }, address }, pids, lines: running.lines };
}

function start(words: readonly string[], { folder, within }: Place, undo: AsyncDisposableStack): ForeignProcess {
  const [program, ...args] = [...within, ...words];
  const running = new ForeignProcess(program, args, process.env, folder);
  undo.defer(() => running.kill());
  return running;
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
