import { readFileSync, readdirSync } from 'node:fs';
import { nodeConfig, startNode } from '@lightspeed/proxy';
import type { NodeSettings } from '@lightspeed/proxy';
import { allowedCores } from '@lightspeed/udp';
import { describe, expect, it } from 'vitest';
import { NodeProgram } from './support/node-program.ts';
import { testNode } from './support/scene.ts';

const cores = allowedCores();

function starting(settings: NodeSettings): Promise<unknown> {
  return startNode(nodeConfig({ dataBind: '127.0.0.1:0', httpBind: 'off', controlBind: 'off', ...settings }));
}

/** Where the data-plane threads of this process may run, by name; other tests' threads may be among them. */
function coresByThread(): string[] {
  return readdirSync('/proc/self/task').flatMap((task) => {
    try {
      const status = readFileSync(`/proc/self/task/${task}/status`, 'utf8');
      if (!/^Name:\s*data-plane/m.test(status)) return [];
      return [/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? ''];
    } catch {
      return [];
    }
  });
}

describe('a node with --pin', () => {
  it('keeps each worker on the core that was named for it, its successor too', async () => {
    const core = cores[0];
    const node = await testNode({ pin: String(core) });
    expect(node.stats().workers).toMatchObject([{ core }]);
    expect(coresByThread()).toEqual([String(core)]);
    await node.crashWorker(0);
    await expect.poll(() => node.stats().workers[0].state).toBe('serving');
    expect(coresByThread()).toEqual([String(core)]);
  });

  it('takes the last ones that it may use if it is to choose', async () => {
    const node = await testNode({ pin: 'auto' });
    expect(node.stats().workers).toMatchObject([{ core: cores.at(-1) }]);
    expect(coresByThread()).toEqual([String(cores.at(-1))]);
  });

  it('leaves workers alone without it', async () => {
    const node = await testNode({});
    expect(node.stats().workers).toMatchObject([{ core: undefined }]);
  });

  it('says in the log where they are', async () => {
    const node = await NodeProgram.start('--pin', 'auto', '--busy-poll', '20');
    expect(await node.serving()).toMatchObject({ cores: [cores.at(-1)], busyPollUs: 20 });
  });

  it('does not start on cores that it may not use, or too few', async () => {
    const may = `this process may use ${cores.join(', ')}`;
    await expect(starting({ pin: '1000' })).rejects.toMatchObject({
      code: 'ERR_PROXY_CORES',
      message: `--pin names 1000; ${may}: name some of those`,
    });
    await expect(starting({ pin: String(cores[0]), workers: 2 })).rejects.toMatchObject({
      code: 'ERR_PROXY_CORES',
      message: `--pin names 1 processors for 2 workers; ${may}: name one for each worker`,
    });
    await expect(starting({ pin: 'auto', workers: 64 })).rejects.toMatchObject({
      code: 'ERR_PROXY_CORES',
      message: `64 workers cannot each have a processor of their own; ${may}: take fewer --workers`,
    });
  });

  it('needs the batch engine for that, and for busy polling', async () => {
    const refused = { code: 'ERR_PROXY_ENGINE' };
    await expect(starting({ pin: 'auto', io: 'portable' })).rejects.toMatchObject(refused);
    await expect(starting({ busyPollUs: 50, io: 'portable' })).rejects.toMatchObject(refused);
  });

  it.each(['', 'none', '0,0', '3-1', '-1', '0,', '1024'])('refuses %j as a list of cores', (pin) => {
    expect(() => nodeConfig({ pin })).toThrow(expect.objectContaining({ code: 'ERR_PROXY_CONFIG' }) as Error);
  });
});
