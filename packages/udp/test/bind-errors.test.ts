import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { UdpError, errnoOf, explainBindErrno } from '@lightspeed/udp';
import { describe, expect, it, onTestFinished } from 'vitest';

describe('the error of a socket that could not be opened', () => {
  it('has the system’s name, whoever has thrown it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const second = createServer().listen((server.address() as AddressInfo).port, '127.0.0.1');
    const [error] = (await once(second, 'error')) as [Error];
    expect(errnoOf(error)).toBe('EADDRINUSE');
    expect(errnoOf(new UdpError('ERR_UDP_OPEN', 'x', { errno: 'EMFILE' }))).toBe('EMFILE');
    expect(errnoOf(new Error('[h3:io|errno=22] IO error: Invalid argument (os error 22)'))).toBe('EINVAL');
    expect(errnoOf(new Error('Address already in use'))).toBe('EADDRINUSE');
  });

  it('has none where the system did not refuse', () => {
    expect(errnoOf(Object.assign(new Error('no'), { code: 'ERR_SOCKET_BAD_PORT' }))).toBeUndefined();
    expect(errnoOf('EADDRINUSE')).toBeUndefined();
  });

  it.each([
    ['EADDRINUSE', 'another program listens there (EADDRINUSE): end it, or choose another port'],
    ['EINVAL', 'the system does not take it (EINVAL): a link-local address needs its interface behind it, such as fe80::1%2'],
    ['ENODEV', 'there is no interface with that number (ENODEV): choose one that this machine has'],
    ['EPROTO', 'the system refuses it (EPROTO)'],
  ])('is explained: %s', (errno, words) => {
    expect(explainBindErrno(errno)).toBe(words);
  });

  it('is explained by ports below 1024 only where those need rights', () => {
    expect(explainBindErrno('EACCES', 'linux')).toBe('ports below 1024 need more rights (EACCES): choose another port');
    expect(explainBindErrno('EACCES', 'win32')).toMatch(/reserved.*\(EACCES\).*netsh int ipv4 show excludedportrange udp/);
    expect(explainBindErrno('EACCES', 'win32')).not.toContain('1024');
  });
});
