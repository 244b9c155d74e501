/** Waits for the end of a step, however it ends, but not longer than that. */
export function within(ms: number, step: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    step.then(finish, finish);
  });
}
