import type { StepName } from '@lightspeed/session';

/** What is done against loss, for players (docs/playing.md, Protection from loss). */
const TEXTS: Readonly<Record<StepName, string>> = {
  none: 'nothing is added now',
  request: 'what is missing is sent again when the node asks for it',
  xor: 'now and then a packet lets the node rebuild a lost one',
  early: 'each datagram is sent again in one of the next packets',
  late: 'each datagram is sent again some moments later, behind bursts of loss',
  both: 'each datagram is sent again twice: soon, and some moments later',
  repeat: 'each datagram is sent again, as --protect says',
};

/** A step in words that stand behind "Protection:". */
export function protectionText(step: StepName): string {
  return TEXTS[step];
}
