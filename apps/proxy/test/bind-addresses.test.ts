import { hasIpv6 } from '@lightspeed/udp';
import { describe, expect, it } from 'vitest';
import { configFromFlags } from '../src/cli/flags.ts';
import type { ServeFlags } from '../src/cli/flags.ts';
import { temporaryFile } from './support/temporary-file.ts';

const EVERY_CONTROL = hasIpv6() ? '[::]:4433' : '0.0.0.0:4433';
const NO_MACHINE = 'an address that a machine can have: not multicast, and not in 240.0.0.0/4';

function refusalOf(flags: ServeFlags): string {
  try {
    configFromFlags(flags);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError', code: 'ERR_PROXY_CONFIG' });
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe('an address to bind', () => {
  it.each<[ServeFlags, string]>([
    [{ dataBind: '224.0.0.1:1' }, `--data-bind: got "224.0.0.1:1", allowed is ${NO_MACHINE}`],
    [{ controlBind: '[ff02::1]:1' }, `--control-bind: got "[ff02::1]:1", allowed is ${NO_MACHINE}`],
    [{ httpBind: '240.0.0.1:80' }, `--http-bind: got "240.0.0.1:80", allowed is ${NO_MACHINE}`],
    [{ egressBind: '224.0.0.1' }, '--egress-bind: got "224.0.0.1", allowed is an IPv4 address, for example 192.0.2.7'],
  ])('is one that a machine can have: %j is refused', (flags, message) => {
    expect(refusalOf(flags)).toBe(message);
  });

  it('has its interface behind it if it is link-local, one that there is, and comes with its number', () => {
    for (const flags of [{ dataBind: '[fe80::1]:1' }, { controlBind: '[fe80::1]:1' }, { httpBind: '[fe80::1]:1' }]) {
      expect(refusalOf(flags)).toMatch(/allowed is a link-local address with the interface to its link behind it/);
    }
    const refusal = refusalOf({ dataBind: '[fe80::1%no-such]:1' });
    expect(refusal).toMatch(
      /^--data-bind: got "\[fe80::1%no-such\]:1", allowed is an interface of this machine that has a link-local address/,
    );
    expect(configFromFlags({ dataBind: '[fe80::1%7]:1' }).dataBind).toEqual({ host: 'fe80::1%7', port: 1 });
  });
});

describe('one port for both planes', () => {
  it('is refused with both names', () => {
    expect(refusalOf({ dataBind: '127.0.0.1:5000', controlBind: '127.0.0.1:5000' })).toBe(
      '--data-bind (127.0.0.1:5000) and --control-bind (127.0.0.1:5000): got UDP port 5000 for both, allowed are two ports: choose another for one',
    );
    expect(refusalOf({ dataBind: '0.0.0.0:4433' })).toContain(`--data-bind (0.0.0.0:4433) and server.control_bind (${EVERY_CONTROL}): `);
    const config = temporaryFile('node.toml', '[server]\ndata_bind = "[::]:5000"\ncontrol_bind = "127.0.0.1:5000"');
    expect(refusalOf({ config })).toContain(
      `${config}: server.data_bind ([::]:5000) and ${config}: server.control_bind (127.0.0.1:5000): `,
    );
  });

  it('is fine at addresses that do not meet, and if the system chooses', () => {
    const config = configFromFlags({ dataBind: '0.0.0.0:5000', controlBind: '[::1]:5000' });
    expect(config).toMatchObject({ dataBind: { port: 5000 }, controlBind: { port: 5000 } });
    expect(configFromFlags({ dataBind: '127.0.0.1:0', controlBind: '127.0.0.1:0' }).controlBind?.port).toBe(0);
  });
});

describe('a destination', () => {
  it('is an IPv4 address, and that is what is said of an IPv6 one', () => {
    expect(refusalOf({ allowDestination: ['::1/128'] })).toBe(
      '--allow-destination: destination rule "::1/128": destinations are IPv4 addresses, because the header of a packet has room for no others; ' +
        'write CIDR[:PORT[-PORT]], for example 203.0.113.0/24:27000-27100',
    );
  });
});
