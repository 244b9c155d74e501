import { describe, expect, it } from 'vitest';
import { parseInstructions } from '../src/gate/instructions.ts';
import { parseStrace } from '../src/gate/system-calls.ts';

describe('the count of instructions', () => {
  it('is read from what valgrind says at the end', () => {
    expect(parseInstructions('==7== Cachegrind\n==7== \n==7== I   refs:      1,940,145,967\n')).toBe(1_940_145_967);
  });

  it('is missed if valgrind has not come so far', () => {
    expect(() => parseInstructions('==7== Process terminating with default action of signal 11')).toThrow('counted nothing');
  });
});

describe('the count of system calls', () => {
  it('is read from the summary of strace, with errors and without', () => {
    const summary = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.12    0.300000           7     42000        13 recvmmsg
 20.00    0.100000           5      2000           recvfrom
 19.88    0.100000           5     41000           sendmmsg
------ ----------- ----------- --------- --------- ----------------
100.00    0.500000           6     85000        13 total
`;
    expect(parseStrace(summary)).toEqual({ receives: 44_000, sends: 41_000, waits: 0 });
  });
});
