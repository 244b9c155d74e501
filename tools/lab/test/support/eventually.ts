import { vi } from 'vitest';

/** Calls `check` again and again until it does not throw, for as long as a busy machine may need. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 15_000, interval: 3 });
}
