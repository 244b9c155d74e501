import { createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { nginxConfig } from '../src/peers/nginx-config.ts';
import { makeWireguardKeys, wireguardSettings } from '../src/peers/wireguard-keys.ts';

const PLAN = {
  folder: '/somewhere',
  listen: { ip: 0x7f00_0001, port: 4_000 },
  gameServer: { ip: 0x7f00_0002, port: 27_015 },
};

test('nginx gets a port of UDP with large buffers, and the one game server behind it', () => {
  const config = nginxConfig({ ...PLAN, workers: 1 });

  expect(config).toContain('worker_processes 1;');
  expect(config).toContain('listen 127.0.0.1:4000 udp rcvbuf=4m sndbuf=4m;');
  expect(config).toContain('proxy_pass 127.0.0.2:27015;');
  expect(config).toContain('pid /somewhere/nginx.pid;');
  expect(config).not.toContain('load_module');
});

test('several workers of nginx share the port, and a module is loaded where there is one', () => {
  const config = nginxConfig({ ...PLAN, workers: 2, module: '/usr/lib/nginx/modules/ngx_stream_module.so' });

  expect(config.split('\n')[0]).toBe('load_module /usr/lib/nginx/modules/ngx_stream_module.so;');
  expect(config).toContain('worker_processes 2;');
  expect(config).toContain('udp rcvbuf=4m sndbuf=4m reuseport;');
});

test('the keys of a WireGuard tunnel belong together', () => {
  const { privateKey, publicKey } = makeWireguardKeys();
  const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: base64url(publicKey) } });

  expect(privateKey).toMatch(/^[0-9a-f]{64}$/);
  expect(key.asymmetricKeyType).toBe('x25519');
});

test('a WireGuard program is told its own private key and the public one of its peer', () => {
  const own = { privateKey: 'aa', publicKey: 'bb' };
  const peer = { privateKey: 'cc', publicKey: 'dd' };

  expect(wireguardSettings(own, 51_820, peer, '10.0.0.2:51820').split('\n')).toEqual([
    'set=1',
    'private_key=aa',
    'listen_port=51820',
    'public_key=dd',
    'endpoint=10.0.0.2:51820',
    'replace_allowed_ips=true',
    'allowed_ip=0.0.0.0/0',
    '',
    '',
  ]);
});
