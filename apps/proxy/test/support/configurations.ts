import type { NodeConfig } from '@lightspeed/proxy';
import { expect } from 'vitest';
import { configFromFlags } from '../../src/cli/flags.ts';
import type { ServeFlags } from '../../src/cli/flags.ts';
import { temporaryFile } from './temporary-file.ts';

/** The configuration of a file, and of flags beside it. */
export function fromFile(toml: string, flags: ServeFlags = {}): NodeConfig {
  return configFromFlags({ ...flags, config: temporaryFile('node.toml', toml) });
}

/** The error's text, with the file's folder left out. */
export function refusalOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError', code: 'ERR_PROXY_CONFIG' });
    return (error as Error).message.replace(/^\/\S*\/(?=node\.toml)/, '');
  }
  throw new Error('nothing was refused');
}
