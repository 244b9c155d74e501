import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecurityError, TicketSessions } from '@lightspeed/security';
import type { Ticket } from '@lightspeed/security';
import { ALICE } from './issuers.ts';

function ticket(changes: Partial<Ticket> = {}): Ticket {
  return {
    ...ALICE,
    type: 'ticket',
    issuerId: '0'.repeat(16),
    notBefore: 0,
    maxSessions: 0,
    ratePps: 0,
    rateBps: 0,
    ...changes,
  };
}

const BOB = 'b'.repeat(32);

describe('a ticket', () => {
  it('has as many sessions at once as it allows, and one more when one has ended', () => {
    const sessions = new TicketSessions({ capacity: 10 });
    const two = ticket({ maxSessions: 2 });
    expect([1, 2, 3].map((id) => sessions.open(two, id)?.code)).toEqual([undefined, undefined, 'too_many_sessions']);
    expect(sessions.open(ticket({ id: BOB, maxSessions: 1 }), 3)).toBeUndefined();
    expect(sessions.close(1)).toBe(true);
    expect(sessions.open(two, 4)).toBeUndefined();
    expect([sessions.count(two.id), sessions.count(BOB), sessions.size]).toEqual([2, 1, 3]);
    expect([sessions.sessionsOf(two.id), sessions.sessionsOf(BOB), sessions.sessionsOf('none')]).toEqual([[2, 4], [3], []]);
  });

  it('that does not say has as many as the node gives by default', () => {
    const upgraded = new TicketSessions({ capacity: 10, defaultMaxSessions: 1 });
    // Nobody loses a session by an upgrade.
    for (const id of [1, 2, 3]) expect(upgraded.open(ticket(), id, true)).toBeUndefined();
    expect(upgraded.open(ticket(), 4)?.code).toBe('too_many_sessions');
    const limited = new TicketSessions({ capacity: 10, defaultMaxSessions: 1 });
    expect([1, 2].map((id) => limited.open(ticket(), id)?.code)).toEqual([undefined, 'too_many_sessions']);
    const unlimited = new TicketSessions({ capacity: 3 });
    expect([1, 2, 3, 4].map((id) => unlimited.open(ticket(), id)?.code)).toEqual([undefined, undefined, undefined, 'node_full']);
  });

  it('is found by its session as long as that lives', () => {
    const sessions = new TicketSessions({ capacity: 2 });
    sessions.open(ticket({ ratePps: 77 }), 5);
    expect(sessions.ticketOf(5)?.ratePps).toBe(77);
    sessions.close(5);
    expect(sessions.ticketOf(5)).toBeUndefined();
  });

  it('is forgotten with its last session, so that what it says is what was shown last', () => {
    const sessions = new TicketSessions({ capacity: 2 });
    sessions.open(ticket({ ratePps: 77 }), 5);
    sessions.close(5);
    sessions.open(ticket({ ratePps: 78 }), 6);
    expect(sessions.ticketOf(6)?.ratePps).toBe(78);
  });
});

describe('sessions to end', () => {
  it('are those whose ticket has expired, from the very second on, or was revoked', () => {
    const sessions = new TicketSessions({ capacity: 10 });
    sessions.open(ticket(), 1);
    sessions.open(ticket(), 2);
    sessions.open(ticket({ id: BOB, expiresAt: ALICE.expiresAt + 1 }), 3);
    const expired = (now: number, ...revoked: string[]): unknown[] =>
      sessions.expired(now, new Set(revoked)).map(({ sessionId, refusal }) => [sessionId, refusal.code]);
    expect(expired(ALICE.expiresAt - 1)).toEqual([]);
    expect(expired(ALICE.expiresAt - 1, BOB, 'c'.repeat(32))).toEqual([[3, 'revoked']]);
    expect(expired(ALICE.expiresAt)).toEqual([
      [1, 'expired'],
      [2, 'expired'],
    ]);
    for (const id of [1, 2]) sessions.close(id);
    expect(expired(ALICE.expiresAt)).toEqual([]);
  });
});

describe('the register of sessions', () => {
  it('agrees with a list for any sequence of openings and endings, and forgets tickets without sessions', () => {
    const step = fc.record({ open: fc.boolean(), ticket: fc.nat({ max: 3 }), session: fc.nat({ max: 9 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const sessions = new TicketSessions({ capacity: 6, defaultMaxSessions: 4 });
        const tickets = [0, 1, 2, 3].map((n) => ticket({ id: String(n).repeat(32), maxSessions: n }));
        let model: { session: number; ticket: number }[] = [];
        for (const { open, ticket, session } of steps) {
          const live = model.some((held) => held.session === session);
          if (!open) {
            expect(sessions.close(session)).toBe(live);
            model = model.filter((held) => held.session !== session);
          } else if (live) {
            expect(() => sessions.open(tickets[ticket], session)).toThrow(SecurityError);
          } else {
            const count = model.filter((held) => held.ticket === ticket).length;
            const full = count >= (ticket === 0 ? 4 : ticket);
            const expected = full ? 'too_many_sessions' : model.length >= 6 ? 'node_full' : undefined;
            expect(sessions.open(tickets[ticket], session)?.code).toBe(expected);
            if (expected === undefined) model.push({ session, ticket });
          }
          expect(sessions.size).toBe(model.length);
          for (const [n, { id }] of tickets.entries()) {
            expect(sessions.count(id)).toBe(model.filter((held) => held.ticket === n).length);
          }
          const everything = sessions.expired(Number.POSITIVE_INFINITY, new Set()).map(({ sessionId }) => sessionId);
          expect(everything.sort()).toEqual(model.map((held) => held.session).sort());
        }
      }),
    );
  });

  it('refuses options out of range when it is made', () => {
    for (const options of [{ capacity: 0 }, { capacity: 1, defaultMaxSessions: -1 }, { capacity: 1, defaultMaxSessions: 0.5 }]) {
      expect(() => new TicketSessions(options)).toThrow(SecurityError);
    }
  });
});
