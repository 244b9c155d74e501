import type { Way } from './carried-line.ts';
import { protectionOf } from './lines.ts';
import type { Budget, LossLine } from './lines.ts';
import { playLine } from './play-line.ts';
import type { WayFigures } from './play-line.ts';

/** What comes so much later than undisturbed is missing, unless a budget has another deadline. */
export const DEADLINE_MS = 30;
/** Datagrams a second of most games. */
export const USUAL_HZ = 60;
/** Both directions. */
export const WAYS = ['up', 'down'] as const;

/** Plays a game over a line under a setting of `--protect`. */
export function play(
  setting: string,
  { lines }: LossLine,
  hz: number,
  seconds: number,
  budget?: Budget,
  seed = 1,
): Readonly<Record<Way, WayFigures>> {
  const deadlineMs = budget?.deadlineMs ?? DEADLINE_MS;
  return playLine({ lines, hz, seconds, seed, deadlineMs }, protectionOf(setting, budget));
}
