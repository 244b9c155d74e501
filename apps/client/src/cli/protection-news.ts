import type { TunnelStats } from '../run/stats.ts';
import type { ParsedProtect } from '../settings/protection-settings.ts';
import type { LocalEvent } from './local-news.ts';
import { percent } from './percent.ts';

/** Of fewer repeats nothing follows. */
const MIN_REPEATS_TO_JUDGE = 200;
/** So many that the budget has no room for are too many: protection is not what was asked for. */
const TOO_MANY_OVER_BUDGET = 0.05;

/** Tells once each why the protection that was asked for cannot be had. `auto` asks for nothing: it takes what there is room for. */
export class ProtectionNews {
  readonly #protection: ParsedProtect['protection'];
  #budgetTold = false;
  #requestsTold = false;

  constructor({ protection }: ParsedProtect) {
    this.#protection = protection?.mode.kind === 'auto' ? undefined : protection;
  }

  sample(stats: TunnelStats): LocalEvent[] {
    return [...this.#budget(stats), ...this.#requests(stats)];
  }

  #budget({ counters: { repeatsCarried, repeatsAlone, repeatsOverBudget } }: TunnelStats): LocalEvent[] {
    const wanted = repeatsCarried + repeatsAlone + repeatsOverBudget;
    const share = repeatsOverBudget / wanted;
    if (this.#protection === undefined || this.#budgetTold || wanted < MIN_REPEATS_TO_JUDGE || share < TOO_MANY_OVER_BUDGET) return [];
    this.#budgetTold = true;
    const { budgetPercent, budgetKbps } = this.#protection;
    const text =
      `warning: the budget has no room for ${percent(share)} of the repeats that go up: it is ${budgetPercent} % and ${budgetKbps} kbit/s, or less if ` +
      'the node allows less. Give a larger --budget and --budget-kbps, fewer ages, or --protect auto';
    return [{ event: 'protection-budget', text, fields: { overBudget: repeatsOverBudget, wanted, budgetPercent, budgetKbps } }];
  }

  #requests({ rtt }: TunnelStats): LocalEvent[] {
    if (this.#protection?.mode.kind !== 'request' || this.#requestsTold || rtt === undefined) return [];
    const { deadlineMs } = this.#protection;
    const answerMs = rtt.smoothedMs + rtt.jitterMs;
    if (answerMs <= deadlineMs) return [];
    this.#requestsTold = true;
    const text =
      `warning: requests bring nothing back in time: an answer of the node takes ${answerMs.toFixed(0)} ms, and the deadline is ${deadlineMs} ms. ` +
      'Give --protect auto, or a longer --deadline-ms if the game has use for what comes that late';
    return [{ event: 'protection-deadline', text, fields: { answerMs, deadlineMs } }];
  }
}
