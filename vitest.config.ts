import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Packages of this workspace resolve to their sources under this condition, so tests need no build.
const SOURCE = '@lightspeed/source';

// Programs that tests start inherit this, and keep what they have compiled for the next ones.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url));

export default defineConfig({
  ssr: { resolve: { conditions: [SOURCE, 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    // Worker threads that a test starts inherit this, and resolve like the test does.
    execArgv: [`--conditions=${SOURCE}`],
    reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
    testTimeout: 30_000,
    // What a test waits for comes; how soon is up to the machine.
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 2,
    // Programs under test find no settings of whoever runs the tests.
    env: { XDG_CONFIG_HOME: join(import.meta.dirname, 'node_modules/.no-settings') },
  },
});
