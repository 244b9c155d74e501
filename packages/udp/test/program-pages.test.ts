import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { returnProgramPages, unchangedMappings } from '../src/linux/program-pages.ts';

const mapping = (where: string, anonymousKb: number) => `${where}
Size:                128 kB
Rss:                  64 kB
Anonymous:    ${String(anonymousKb).padStart(8)} kB
VmFlags: rd mr mw me
`;

test('only mappings of files that are as the files are can be given back', () => {
  const smaps = [
    mapping('00400000-00420000 r--p 00000000 fd:00 42                                 /usr/bin/node', 0),
    mapping('7f0000000000-7f0000010000 r-xp 00020000 fd:00 42                         /usr/bin/node', 0),
    // The linker has written addresses, and then protected them.
    mapping('00500000-00520000 r--p 00020000 fd:00 42                                 /usr/bin/node', 4),
    mapping('00600000-00620000 rw-p 00020000 fd:00 42                                 /usr/bin/node', 0),
    mapping('00700000-00720000 r--p 00000000 00:00 0 ', 0),
    mapping('00800000-00820000 r--s 00000000 00:01 7                                  /memfd:code (deleted)', 0),
    mapping('00900000-00920000 r-xp 00000000 00:00 0                                  [vdso]', 0),
  ].join('');

  expect(unchangedMappings(smaps)).toEqual([
    { address: 0x40_0000n, bytes: 0x2_0000 },
    { address: 0x7f00_0000_0000n, bytes: 0x1_0000 },
  ]);
});

test.runIf(process.platform === 'linux')('what the start needed is given back, and the process goes on', () => {
  const mappedKb = () => Number(/^RssFile:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const before = mappedKb();

  expect(returnProgramPages()).toBe(true);

  expect(mappedKb()).toBeLessThan(before / 2);
  expect(JSON.stringify(process.versions)).toContain('v8');
});
