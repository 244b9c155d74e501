import { describe, expect, it } from 'vitest';
import { resolverFile } from '../src/rootless/resolver.ts';

const USUAL = '/etc/resolv.conf';
const UPSTREAM = '/run/systemd/resolve/resolv.conf';

/** What is found where these files are there. */
function found(files: Readonly<Record<string, string>>): string | undefined {
  return resolverFile((path) => files[path]);
}

describe('name servers for a network namespace', () => {
  it('are the usual ones, if one of them is in the network', () => {
    expect(found({ [USUAL]: 'nameserver 192.168.1.1\n', [UPSTREAM]: 'nameserver 192.0.2.53\n' })).toBeUndefined();
    expect(found({ [USUAL]: 'nameserver 127.0.0.1\nnameserver 192.168.1.1\n', [UPSTREAM]: 'nameserver 192.0.2.53\n' })).toBeUndefined();
  });

  it('are those that a resolver of the machine asks, if it is the only one', () => {
    const usual = '# nameserver 9.9.9.9\nnameserver 127.0.0.53\noptions edns0\n';
    expect(found({ [USUAL]: usual, [UPSTREAM]: 'nameserver 192.0.2.53\n' })).toBe(UPSTREAM);
    expect(found({ [USUAL]: 'nameserver ::1\n', [UPSTREAM]: 'nameserver 2001:db8::53\n' })).toBe(UPSTREAM);
  });

  it('stay the usual ones, if there are no better ones', () => {
    expect(found({ [USUAL]: 'nameserver 127.0.0.53\n' })).toBeUndefined();
    expect(found({ [USUAL]: 'nameserver 127.0.0.53\n', [UPSTREAM]: 'nameserver 127.0.0.1\n' })).toBeUndefined();
    expect(found({})).toBeUndefined();
  });
});
