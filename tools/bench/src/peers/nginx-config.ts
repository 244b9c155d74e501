import { formatEndpoint } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';

export interface NginxPlan {
  readonly folder: string;
  readonly listen: Endpoint;
  readonly gameServer: Endpoint;
  readonly workers: number;
  /** The file of the dynamic module, if nginx has streams as one. */
  readonly module?: string | undefined;
}

/** UDP proxying as an operator would set it up for games: large buffers, no log, sessions that stay for ten minutes. */
export function nginxConfig({ folder, listen, gameServer, workers, module }: NginxPlan): string {
  const reusePort = workers > 1 ? ' reuseport' : '';
  return `${module === undefined ? '' : `load_module ${module};\n`}worker_processes ${workers};
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
    listen ${formatEndpoint(listen.ip, listen.port)} udp rcvbuf=4m sndbuf=4m${reusePort};
    proxy_pass ${formatEndpoint(gameServer.ip, gameServer.port)};
  }
}
`;
}
