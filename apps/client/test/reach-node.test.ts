import type { ControlConnection } from '@lightspeed/control/quic';
import { QuicError, listenControl, makeCertificate, pinOf } from '@lightspeed/control/quic';
import type { CertificateAndKey } from '@lightspeed/control/quic';
import { beforeAll, describe, expect, it } from 'vitest';
import { sessionObstacle } from '../src/control/session-obstacle.ts';
import { firstOf, reachNode, resolveNode } from '../src/control/reach-node.ts';
import { Peer } from './support/game.ts';

describe('a node’s address', () => {
  it('stands for itself', async () => {
    expect(await resolveNode('192.0.2.1', 1_000, 'a')).toEqual({ ipv4: '192.0.2.1', ipv6: undefined });
    expect(await resolveNode('2001:db8::1', 1_000, 'a')).toEqual({ ipv4: undefined, ipv6: '2001:db8::1' });
  });
});

describe('a session that shall have a local address of a family in which the node has none', () => {
  const session = { secret: new Uint8Array(32), data: { ipv4: undefined, ipv6: { host: '::1', port: 1 }, preferred: 'ipv6' } } as const;
  const settings = { source: undefined, paths: ['127.0.0.2'] };

  it('says so, and what to do if the node was named by its address', () => {
    const words = 'the node has no IPv4 address to which 127.0.0.2 could send';
    expect(sessionObstacle(session, settings, false, 'relay.example.net')).toBe(words);
    expect(sessionObstacle(session, settings, false, '::1')).toBe(
      `${words}: it was named by its address ::1; name it by a host name that has addresses of both families`,
    );
  });
});

describe('of a node with two addresses', () => {
  let certificate: CertificateAndKey;
  beforeAll(async () => {
    certificate = await makeCertificate();
  });

  it('the IPv6 one is used where it answers', async () => {
    await using listener = await listening('::1', certificate);
    const connection = await reachNode(optionsFor(listener.port), { ipv4: '127.0.0.1', ipv6: '::1' });
    expect(connection.peer.host).toBe('::1');
    await connection.close();
  });

  it('the IPv4 one is used where the IPv6 one is silent', async () => {
    await using listener = await listening('127.0.0.1', certificate);
    const connection = await reachNode(optionsFor(listener.port), { ipv4: '127.0.0.1', ipv6: '::1' });
    expect(connection.peer.host).toBe('127.0.0.1');
    await connection.close();
  });

  it('neither is an error, and one about the identity says most', async () => {
    await using listener = await listening('127.0.0.1', certificate);
    const options = { ...optionsFor(listener.port), verify: { kind: 'pin', sha256: new Uint8Array(32) }, timeoutMs: 1_000 } as const;
    await expect(reachNode(options, { ipv4: '127.0.0.1', ipv6: '::1' })).rejects.toMatchObject({ code: 'ERR_QUIC_PIN_MISMATCH' });
    using silent = await Peer.start();
    const nobody = reachNode({ ...options, port: silent.address.port }, { ipv4: '127.0.0.1', ipv6: undefined });
    await expect(nobody).rejects.toMatchObject({ code: 'ERR_QUIC_CONNECT_TIMEOUT' });
  });

  function optionsFor(port: number) {
    return { host: 'node.example', port, verify: { kind: 'pin', sha256: pinOf(certificate.certificatePem) } } as const;
  }
});

describe('of several attempts', () => {
  const late = (): Promise<never> => new Promise(() => undefined);

  it('the next begins at once when one fails, and the last error counts', async () => {
    const began: number[] = [];
    const failing = (index: number) => () => {
      began.push(index);
      return Promise.reject(new QuicError('ERR_QUIC_CLOSED', `attempt ${index}`));
    };
    await expect(firstOf([failing(0), failing(1), failing(2)])).rejects.toThrow('attempt 2');
    expect(began).toEqual([0, 1, 2]);
  });

  it('those under way are given up when one succeeds', async () => {
    let aborted = false;
    const connection = {} as ControlConnection;
    const first = await firstOf([
      (signal) => {
        signal.addEventListener('abort', () => (aborted = true));
        return late();
      },
      () => Promise.resolve(connection),
    ]);
    expect([first === connection, aborted]).toEqual([true, true]);
  });

  it('none begins that the caller has given up', async () => {
    const abort = new AbortController();
    abort.abort();
    let began = 0;
    const attempt = () => {
      began++;
      return late();
    };
    await expect(firstOf([attempt, attempt], abort.signal)).rejects.toThrow();
    expect(began).toBe(0);
  });
});

async function listening(host: string, certificate: CertificateAndKey) {
  const listener = await listenControl({ bind: { host, port: 0 }, ...certificate, onConnection: () => undefined });
  return { port: listener.endpoint.port, [Symbol.asyncDispose]: () => listener.close() };
}
