import { expect, test } from 'vitest';
import { cpuNs, parseResidentBytes, parseSchedstat, residentBytes } from '../src/process-usage.ts';

test('schedstat begins with the nanoseconds on a core', () => {
  expect(parseSchedstat('96880123456 4026 2\n')).toBe(96_880_123_456);
  expect(() => parseSchedstat('')).toThrow(TypeError);
  expect(() => parseSchedstat('running')).toThrow(TypeError);
});

test('status has the resident memory in units of 1,024 bytes', () => {
  expect(parseResidentBytes('VmHWM:\t   5000 kB\nVmRSS:\t    1234 kB\nRssAnon: 1 kB\n')).toBe(1_234 * 1_024);
  expect(() => parseResidentBytes('Name:\tkthreadd\n')).toThrow('there is no VmRSS');
});

test.runIf(process.platform === 'linux')('the CPU time of a process counts all of its threads, and never goes back', () => {
  const before = cpuNs([process.pid]);
  let sum = 0;
  for (let i = 0; i < 20_000_000; i++) sum += i % 7;
  const after = cpuNs([process.pid]);

  expect(sum).toBeGreaterThan(0);
  expect(after).toBeGreaterThan(before);
  expect(residentBytes([process.pid])).toBeGreaterThan(1_000_000);
});
