import { nodeConfig } from '@lightspeed/proxy';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { nodeSignals } from '../src/cli/node-signals.ts';
import { serve } from '../src/cli/serve.ts';

const config = nodeConfig({ dataBind: '127.0.0.1:0', httpBind: 'off', controlBind: 'off', logLevel: 'silent', io: 'portable' });

describe('the signals of a node', () => {
  it.each(['SIGHUP', 'SIGBREAK'] as const)('end it on Windows, where a console is closed or interrupted by %s', async (signal) => {
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'win32' });
    onTestFinished(() => void Object.defineProperty(process, 'platform', { value: platform }));
    const read = vi.fn(() => config);
    const served = serve(config, read);
    process.emit(signal, signal);
    expect(await served).toBe(0);
    expect(read).not.toHaveBeenCalled();
    expect(process.listeners(signal)).toEqual([]);
  });

  it('have it read its configuration again by SIGHUP, except on Windows', () => {
    expect(nodeSignals('linux').reload).toBe('SIGHUP');
    expect(nodeSignals('darwin').reload).toBe('SIGHUP');
    expect(nodeSignals('win32').reload).toBeUndefined();
  });
});
