import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';

const PROGRAM = fileURLToPath(new URL('./support/with-leftovers.ts', import.meta.url));

test.runIf(process.platform === 'linux')(
  'what a process has started and made is gone soon after it was killed',
  { timeout: 60_000 },
  async () => {
    const parent = spawn(process.execPath, ['--conditions=@lightspeed/source', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const { path, pids } = JSON.parse(line.toString()) as { path: string; pids: number[] };
    const all = [path, ...pids.map((pid) => `/proc/${pid}`)];
    expect(all.filter(existsSync)).toEqual(all);
    parent.kill('SIGKILL');
    await once(parent, 'exit');

    await vi.waitFor(() => expect(all.filter(existsSync)).toEqual([]), { timeout: 20_000 });
  },
);
