import { expect, it } from 'vitest';
import { releaseFiles } from '../src/release/release-files.ts';

it('takes what users download, and neither program folders, sums nor what is left of a build', () => {
  const files = releaseFiles([
    ...['deb/lightspeed_1.0.0_amd64.deb', 'deb/scratch/linux-x64/nfpm.json', 'linux-x64/lib/node', 'npm/lightspeed-udp-1.0.0.tgz'],
    ...['rpm/lightspeed-1.0.0-1.x86_64.rpm', 'sbom/lightspeed-1.0.0.cdx.json', 'single-files/SHA256SUMS'],
    ...['single-files/lightspeed-1.0.0-linux-x64', 'single-files/lightspeed-1.0.0-linux-x64.zst', 'release/lightspeed-1.0.0-linux-x64'],
  ]);

  expect([...files.keys()].toSorted()).toEqual([
    ...['lightspeed-1.0.0-1.x86_64.rpm', 'lightspeed-1.0.0-linux-x64', 'lightspeed-1.0.0-linux-x64.zst'],
    ...['lightspeed-1.0.0.cdx.json', 'lightspeed-udp-1.0.0.tgz', 'lightspeed_1.0.0_amd64.deb'],
  ]);
  expect(files.get('lightspeed-1.0.0-linux-x64')).toBe('single-files/lightspeed-1.0.0-linux-x64');
});

it('refuses two files of one name', () => {
  expect(() => releaseFiles(['npm/lightspeed-1.0.0.tgz', 'chart/lightspeed-1.0.0.tgz'])).toThrow(
    'a release cannot have both chart/lightspeed-1.0.0.tgz and npm/lightspeed-1.0.0.tgz: give one of them another name',
  );
});
