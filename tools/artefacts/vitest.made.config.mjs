import base from '../../vitest.config.ts';

// Tests of what was made. They need it, and take long, so `pnpm test` leaves them out.
export default {
  ...base,
  test: {
    ...base.test,
    include: ['test/made/**/*.test.ts'],
    reporters: ['default', ['json', { outputFile: 'test-results/made.json' }]],
    testTimeout: 300_000,
    fileParallelism: false,
  },
};
