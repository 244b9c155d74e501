import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';
import { familyOf } from './support/family.ts';

const MAIN = new URL('../src/main.ts', import.meta.url).pathname;

test.runIf(process.platform === 'linux')('a run that is interrupted ends its relays', { timeout: 60_000 }, async () => {
  const bench = spawn(process.execPath, ['--conditions=@lightspeed/source', MAIN, '--only', 'relays', '--quick'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(bench, 'exit');
  const said: string[] = [];
  for await (const line of createInterface(bench.stderr)) {
    said.push(line);
    // All relays run while the first load does.
    if (line.includes(', round 1 of')) break;
  }
  const [own, ...others] = familyOf(bench.pid ?? -1);
  bench.kill('SIGTERM');
  const [code] = (await exited) as [number | null];

  expect(said.at(-1)).toContain(', round 1 of');
  expect(own).toBe(bench.pid);
  expect(others.length).toBeGreaterThan(1);
  expect(code).toBe(143);
  await vi.waitFor(() => expect(others.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]), { timeout: 20_000 });
});
