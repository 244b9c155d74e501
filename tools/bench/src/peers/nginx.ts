import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ForeignProcess, LOOPBACK } from '@lightspeed/lab';
import { BenchError } from '../bench-error.ts';
import { familyOf } from '../macro/process-cpu.ts';
import { lastWords } from '../macro/relay-under-test.ts';
import type { RelayUnderTest } from '../macro/relay-under-test.ts';
import { freePort } from './free-port.ts';
import { nginxConfig } from './nginx-config.ts';
import type { PeerPlace } from './peer.ts';

/** Where Debian and its kin put the dynamic module. */
export const NGINX_STREAM_MODULES = ['/usr/lib/nginx/modules/ngx_stream_module.so', '/usr/lib64/nginx/modules/ngx_stream_module.so'];
const START_MS = 5_000;
const LOOK_EVERY_MS = 20;

/** nginx as a proxy of UDP: its master and its workers. */
export async function startNginx({ folder, gameServer, within }: PeerPlace, workers: number): Promise<RelayUnderTest> {
  const name = workers === 1 ? 'nginx' : `nginx, ${workers} workers`;
  const listen = { ip: LOOPBACK, port: await freePort(LOOPBACK) };
  const config = join(folder, `nginx-${workers}.conf`);
  const module = NGINX_STREAM_MODULES.find((file) => existsSync(file));
  await writeFile(config, nginxConfig({ folder, listen, gameServer, workers, module }));
  const words = [...within, 'nginx', '-p', folder, '-e', 'stderr', '-c', config];
  const running = new ForeignProcess(words[0], words.slice(1), process.env, folder);
  const pids = await allProcesses(running, workers + 1);
  return {
    name,
    command: `nginx -c nginx.conf, with worker_processes ${workers}`,
    target: { name, framing: { kind: 'plain' }, address: listen },
    pids,
    shares: 1,
    logTail: () => running.lines.slice(-10).join('\n'),
    stop: () => running.stop(),
  };
}

/** The master listens before it starts the workers. */
async function allProcesses(running: ForeignProcess, count: number): Promise<number[]> {
  const untilMs = performance.now() + START_MS;
  for (;;) {
    const pids = familyOf(running.pid);
    if (pids.length === count) return pids;
    if (performance.now() > untilMs) {
      await running.stop();
      const said = lastWords({ logTail: () => running.lines.slice(-10).join('\n') });
      throw new BenchError('ERR_BENCH_RELAY', `nginx has ${pids.length} processes in place of ${count}; ${said}`);
    }
    await setTimeout(LOOK_EVERY_MS);
  }
}
