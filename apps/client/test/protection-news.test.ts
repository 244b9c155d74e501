import { describe, expect, it } from 'vitest';
import { ProtectionNews } from '../src/cli/protection-news.ts';
import { parseProtectSettings } from '../src/settings/protection-settings.ts';
import type { ProtectSettings } from '../src/settings/protection-settings.ts';
import { stats } from './support/tunnel-stats.ts';

const newsOf = (settings: ProtectSettings) => new ProtectionNews(parseProtectSettings(settings, undefined));
const TWICE = { protect: { kind: 'repeat', agesMs: [5, 20] } } as const;
const REQUESTS = { protect: { kind: 'request' } } as const;
const rtt = (smoothedMs: number, jitterMs: number) => ({ rtt: { smoothedMs, jitterMs, latestMs: smoothedMs, minimumMs: smoothedMs } });

describe('protection that was asked for and cannot be had', () => {
  it('is told of once, where the budget has no room for it', () => {
    const news = newsOf(TWICE);
    expect(news.sample(stats({ repeatsAlone: 10, repeatsOverBudget: 10 }))).toEqual([]);
    const [{ event, text, fields }] = news.sample(stats({ repeatsAlone: 100, repeatsCarried: 100, repeatsOverBudget: 100 }));
    expect(event).toBe('protection-budget');
    expect(text).toMatch(/^warning: the budget has no room for 33\.3 % of the repeats that go up: it is 120 % and 512 kbit\/s, or less if/);
    expect(fields).toEqual({ overBudget: 100, wanted: 300, budgetPercent: 120, budgetKbps: 512 });
    expect(news.sample(stats({ repeatsAlone: 200, repeatsOverBudget: 200 }))).toEqual([]);
  });

  it('is told of once, where requests are too slow for the deadline', () => {
    const news = newsOf(REQUESTS);
    expect(news.sample(stats({}))).toEqual([]);
    expect(news.sample(stats({}, rtt(20, 5)))).toEqual([]);
    const [{ event, text }] = news.sample(stats({}, rtt(40, 5)));
    expect(event).toBe('protection-deadline');
    expect(text).toContain('an answer of the node takes 45 ms, and the deadline is 30 ms');
    expect(news.sample(stats({}, rtt(40, 5)))).toEqual([]);
    expect(newsOf({ ...REQUESTS, deadlineMs: 60 }).sample(stats({}, rtt(40, 5)))).toEqual([]);
  });

  it('is nothing to tell of where the loop decides, or nothing was asked for', () => {
    for (const protect of [{ kind: 'auto' }, { kind: 'off' }, { kind: 'groups', size: 4 }] as const) {
      expect(newsOf({ protect }).sample(stats({ repeatsAlone: 100, repeatsOverBudget: 300 }, rtt(100, 5)))).toEqual([]);
    }
  });
});
