import { expect, test } from 'vitest';
import { nginxConfig } from '../src/peers/peers.ts';

const LISTEN = { ip: 0x7f00_0001, port: 4_000 };
const GAME_SERVER = { ip: 0x7f00_0002, port: 27_015 };

test('nginx gets a port of UDP with large buffers, and the one game server behind it', () => {
  const config = nginxConfig('/somewhere', LISTEN, GAME_SERVER, undefined);

  expect(config).toContain('worker_processes 1;');
  expect(config).toContain('listen 127.0.0.1:4000 udp rcvbuf=4m sndbuf=4m;');
  expect(config).toContain('proxy_pass 127.0.0.2:27015;');
  expect(config).toContain('pid /somewhere/nginx.pid;');
  expect(config).not.toContain('load_module');
});

test('a module is loaded where there is one', () => {
  const config = nginxConfig('/somewhere', LISTEN, GAME_SERVER, '/usr/lib/nginx/modules/ngx_stream_module.so');

  expect(config.split('\n')[0]).toBe('load_module /usr/lib/nginx/modules/ngx_stream_module.so;');
});
