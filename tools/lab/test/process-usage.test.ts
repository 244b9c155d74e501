import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { cpuNs, familyOf, parseParent, parseResidentBytes, parseSchedstat, residentBytes } from '../src/process-usage.ts';

test('schedstat begins with the nanoseconds on a core', () => {
  expect(parseSchedstat('96880123456 4026 2\n')).toBe(96_880_123_456);
  expect(() => parseSchedstat('')).toThrow(TypeError);
  expect(() => parseSchedstat('running')).toThrow(TypeError);
});

test('status has the resident memory in units of 1,024 bytes', () => {
  expect(parseResidentBytes('VmHWM:\t   5000 kB\nVmRSS:\t    1234 kB\nRssAnon: 1 kB\n')).toBe(1_234 * 1_024);
  expect(() => parseResidentBytes('Name:\tkthreadd\n')).toThrow('there is no VmRSS');
});

test('a parent is found whatever the program is called', () => {
  expect(parseParent('4321 (a) R 7 (b) S 17 4321 4321 0 -1')).toBe(17);
});

const onLinux = process.platform === 'linux';

test.runIf(onLinux)('the CPU time of a process counts all of its threads, and never goes back', () => {
  const before = cpuNs([process.pid]);
  let sum = 0;
  for (let i = 0; i < 20_000_000; i++) sum += i % 7;
  const after = cpuNs([process.pid]);

  expect(sum).toBeGreaterThan(0);
  expect(after).toBeGreaterThan(before);
  expect(residentBytes([process.pid])).toBeGreaterThan(1_000_000);
});

test.runIf(onLinux)('a family is a process and its descendants', async () => {
  const parent = spawn('sh', ['-c', 'tail -f /dev/null & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = (await once(parent.stdout, 'data')) as [Buffer];
  const family = familyOf(parent.pid ?? -1);
  const exited = once(parent, 'exit');
  process.kill(Number(text.toString()));
  await exited;

  expect(family).toEqual([parent.pid, Number(text.toString())]);
});
