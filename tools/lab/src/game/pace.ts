/** More than this long without a turn, and what would have been due is not made up for. */
const FORGIVEN_MS = 250;

/** Calls `step` at a steady rate on average, whatever the timers' precision. @returns the timer that has to be cleared */
export function startPace(perSecond: number, step: (nowMs: number) => void): NodeJS.Timeout {
  const intervalMs = 1_000 / perSecond;
  let nextMs = performance.now() + intervalMs;
  const catchUp = () => {
    const nowMs = performance.now();
    if (nowMs - nextMs > FORGIVEN_MS) nextMs = nowMs;
    for (; nextMs <= nowMs; nextMs += intervalMs) step(nowMs);
  };
  return setInterval(catchUp, Math.max(1, Math.floor(intervalMs / 2)));
}
