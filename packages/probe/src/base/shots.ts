import { setTimeout as pause } from 'node:timers/promises';

/** How often open probes are looked at. The kernel says when an answer came, so looking late makes no round trip longer. */
const LOOK_EVERY_MS = 2;

/** What came of a probe. */
export interface Answer {
  /** Milliseconds between the probe and its answer. */
  readonly roundTripMs: number;
  /** Who answered, an IPv4 address as text: the server, or a router before it. */
  readonly origin: string;
}

/** One probe: a socket that sends once, and is asked for the answer. */
export interface Shot {
  /** Sends. What cannot be sent is not answered. */
  fire(): void;
  /** The answer, if it has come. */
  look(): Answer | undefined;
  /** Gives the socket back. Harmless when repeated. */
  close(): void;
}

/**
 * Fires `count` probes, `spacingMs` apart, and waits at most `timeoutMs` for the answer of each. Every probe is closed when it is
 * over.
 * @param make makes the probe with this number; it may throw.
 * @returns by number, undefined for those that are lost.
 */
export async function fireAll(
  count: number,
  spacingMs: number,
  timeoutMs: number,
  make: (number: number) => Shot,
): Promise<(Answer | undefined)[]> {
  const answers = Array.from({ length: count }, (): Answer | undefined => undefined);
  const shots: Shot[] = [];
  const open = new Map<number, { readonly shot: Shot; readonly untilMs: number }>();
  try {
    for (let number = 0; number < count; number++) shots.push(make(number));
    const startedMs = performance.now();
    let fired = 0;
    while (fired < count || open.size > 0) {
      for (; fired < count && performance.now() - startedMs >= fired * spacingMs; fired++) {
        shots[fired].fire();
        open.set(fired, { shot: shots[fired], untilMs: performance.now() + timeoutMs });
      }
      for (const [number, { shot, untilMs }] of open) {
        const isLate = performance.now() >= untilMs;
        const answer = shot.look();
        if (answer === undefined && !isLate) continue;
        open.delete(number);
        shot.close();
        if (answer !== undefined && answer.roundTripMs <= timeoutMs) answers[number] = answer;
      }
      if (fired < count || open.size > 0) await pause(LOOK_EVERY_MS);
    }
    return answers;
  } finally {
    for (const shot of shots) shot.close();
  }
}
