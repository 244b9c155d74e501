import { networkInterfaces } from 'node:os';
import { parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { parseIngresses } from '../src/settings/ingress-settings.ts';
import type { IngressSettings } from '../src/settings/ingress-settings.ts';
import { parseWayRules } from '../src/settings/way-settings.ts';
import { startTunnel } from '../src/run/start-tunnel.ts';

const DIRECT = parseWayRules([{ servers: '0.0.0.0/0', way: 'direct' }], []);
const BY_NODE = parseWayRules(
  [
    { servers: '127.0.0.1', port: 9, way: 'a:4433' },
    { servers: '0.0.0.0/0', way: 'direct' },
  ],
  ['a:4433'],
);

function at(text: string, port: number): Endpoint {
  return { ip: parseIpv4(text) ?? 0, port };
}

function ingress(listen: Endpoint, gameServer: Endpoint, anyPortIfTaken = false): IngressSettings {
  return { listen, gameServer, anyPortIfTaken };
}

describe('a game server by the direct way', () => {
  const self = at('127.0.0.1', 9);
  it.each<[string, readonly IngressSettings[], number]>([
    ['its own ingress', [ingress(self, self)], 0],
    ['another ingress of the tunnel', [ingress(at('127.0.0.1', 8), self), ingress(self, at('192.0.2.1', 9))], 0],
    [
      'an ingress that may have any port, but another one listens there',
      [ingress(at('127.0.0.1', 9), at('192.0.2.1', 9)), ingress(self, self, true)],
      1,
    ],
    ['an ingress on every address, by loopback', [ingress(at('0.0.0.0', 9), at('127.1.2.3', 9))], 0],
  ])('is not %s', (_what, ingresses, index) => {
    const parse = () => parseIngresses(ingresses, DIRECT);
    expect(parse).toThrow(`ingresses[${index}].gameServer is 127.`);
    expect(parse).toThrow(/a server at which this tunnel does not listen itself \([\d.]+:9\): datagrams would go round for ever$/);
  });

  it('is not an ingress on every address, by an address of this machine', () => {
    const own = Object.values(networkInterfaces()).flatMap((list = []) => list.filter(({ family }) => family === 'IPv4'));
    for (const { address } of own) {
      expect(() => parseIngresses([ingress(at('0.0.0.0', 9), at(address, 9))], DIRECT)).toThrow('go round for ever');
    }
  });

  it('has an ingress of any port where the ingress need not have the same', () => {
    const [parsed] = parseIngresses([ingress(self, self, true)], DIRECT);
    expect(parsed.listen).toEqual({ ...self, port: 0 });
  });

  it('may have the port of an ingress at another address', () => {
    const ingresses = [ingress(self, at('127.0.0.2', 9)), ingress(at('0.0.0.0', 8), at('192.0.2.1', 8))];
    expect(parseIngresses(ingresses, DIRECT)).toEqual(ingresses);
  });
});

describe('an ingress', () => {
  const server = at('192.0.2.1', 9);

  it('has an address and port of its own, or takes another port where it may', () => {
    const listens = [at('127.0.0.1', 8), at('127.0.0.1', 8)];
    const ingresses = listens.map((listen) => ingress(listen, server));
    expect(() => parseIngresses(ingresses, [])).toThrow('ingresses[1].listen is 127.0.0.1:8; allowed: each address and port once');
    expect(() => parseIngresses([ingress(at('0.0.0.0', 8), server), ingresses[0]], [])).toThrow('ingresses[1].listen is 127.0.0.1:8');
    const fine = [ingresses[0], ingress(listens[1], server, true), ingress(at('127.0.0.2', 8), server)];
    expect(parseIngresses(fine, [])).toEqual(fine);
    const anyPort = [ingress(at('127.0.0.1', 0), server), ingress(at('127.0.0.1', 0), server)];
    expect(parseIngresses(anyPort, [])).toEqual(anyPort);
  });
});

describe('a game server by a node', () => {
  it('may have the address of an ingress: it is another machine’s', () => {
    const self = at('127.0.0.1', 9);
    for (const ways of [[], BY_NODE]) expect(parseIngresses([ingress(self, self)], ways)).toEqual([ingress(self, self)]);
  });
});

it('a tunnel is not started with a loop', async () => {
  const self = at('127.0.0.1', 9);
  const refusal = startTunnel({
    node: { host: '127.0.0.1', port: 1 },
    ingresses: [ingress(self, self)],
    ways: [{ servers: '127.0.0.1', way: 'direct' }],
  });
  await expect(refusal).rejects.toMatchObject({ code: 'ERR_CLIENT_INVALID_SETTING', setting: 'ingresses[0].gameServer' });
});
