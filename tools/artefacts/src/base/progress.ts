/** Says on standard error what is being done now, with the seconds since the start. */
export type Say = (text: string) => void;

/** Counts seconds from now. */
export function startProgress(): Say {
  const startedMs = performance.now();
  return (text) => {
    process.stderr.write(`${((performance.now() - startedMs) / 1_000).toFixed(0)} s: ${text}\n`);
  };
}
