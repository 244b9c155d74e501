import { describe, expect, it } from 'vitest';
import { RecentRoundTrips } from '../src/tunnel/recent-round-trips.ts';

describe('the round trip to a node', () => {
  it('is not known before a keepalive was answered', () => {
    const recent = new RecentRoundTrips();
    recent.note(0, -1);
    expect(recent.medianMs).toBeUndefined();
  });

  it('is not moved by one or two slow keepalives, and follows when most are slower', () => {
    const recent = new RecentRoundTrips();
    const said = [20_000, 20_000, 150_000, 20_000, 300_000, 90_000, 90_000, 90_000].map((us, at) => {
      recent.note(at + 1, us);
      return recent.medianMs;
    });
    expect(said).toEqual([20, 20, 20, 20, 20, 90, 90, 90]);
  });

  it('counts a keepalive once, however often it is asked for', () => {
    const recent = new RecentRoundTrips();
    for (const us of [20_000, 20_000]) recent.note(1, us);
    recent.note(2, 90_000);
    for (let times = 0; times < 9; times++) recent.note(3, 90_000);
    expect(recent.medianMs).toBe(90);
    recent.note(4, 20_000);
    recent.note(5, 20_000);
    expect(recent.medianMs).toBe(20);
  });
});
