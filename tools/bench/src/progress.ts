const SELDOM_MS = 5_000;

/** Says on standard error what is being done: in one line on a terminal, else a line every few seconds. */
export function createProgress(): Disposable & { readonly say: (text: string) => void } {
  const { stderr } = process;
  const startedMs = performance.now();
  let saidMs = -Infinity;
  return {
    say(text) {
      const nowMs = performance.now();
      const line = `${((nowMs - startedMs) / 1_000).toFixed(0)} s: ${text}`;
      if (stderr.isTTY) stderr.write(`\r\x1b[K${line.slice(0, stderr.columns - 1)}`);
      else if (nowMs - saidMs >= SELDOM_MS) stderr.write(`${line}\n`);
      else return;
      saidMs = nowMs;
    },
    [Symbol.dispose]() {
      if (stderr.isTTY) stderr.write('\r\x1b[K');
    },
  };
}
