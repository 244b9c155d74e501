import { describe, expect, it } from 'vitest';
import { findDefaultRoute } from '../src/cli/default-route.ts';

const ROUTES = [
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'eth1\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
  'eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
  '',
].join('\n');

describe('the default route', () => {
  const find = (files: Record<string, string>) => findDefaultRoute((file) => files[file]);

  it('has an interface and its MTU', () => {
    const files = { '/proc/net/route': ROUTES, '/sys/class/net/eth0/mtu': '1420\n', '/sys/class/net/eth1/mtu': '9000\n' };
    expect(find(files)).toEqual({ device: 'eth0', mtuBytes: 1_420 });
  });

  it('has no MTU where the system does not say it', () => {
    expect(find({ '/proc/net/route': ROUTES })).toEqual({ device: 'eth0', mtuBytes: undefined });
  });

  it('is not there without network, or without such files', () => {
    expect(find({ '/proc/net/route': ROUTES.split('\n').slice(0, 2).join('\n') })).toBeUndefined();
    expect(find({})).toBeUndefined();
  });
});
