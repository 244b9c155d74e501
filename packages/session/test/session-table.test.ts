import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FecMemory } from '@lightspeed/fec';
import { AddressBook } from '@lightspeed/wire';
import { BlockReturns } from '../src/protection/block-returns.ts';
import { FecTotals } from '../src/protection/fec-totals.ts';
import { ReceiveState } from '../src/receive-state.ts';
import { RelaySession } from '../src/relay/relay-session.ts';
import type { AddressPrefix } from '../src/relay/address-prefix.ts';
import { SessionTable } from '../src/relay/session-table.ts';
import { sequentialRandom } from './support/random.ts';

const MAX_SESSIONS = 4;
const MAX_PER_ADDRESS = 3;
/** Two of IPv4, and four of IPv6 of which two share a /64. */
const ADDRESSES = ['203.0.113.1', '203.0.113.2', '2001:db8::1', '2001:db8::2', '2001:db8:0:1::1', '64:ff9b::1'];

const place = fc.record({ address: fc.nat(ADDRESSES.length - 1), port: fc.integer({ min: 1, max: 2 }) });
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('open' as const), at: place }),
    fc.record({ do: fc.constant('path' as const), session: fc.nat(3), number: fc.nat(3), at: place }),
    fc.record({ do: fc.constant('unpath' as const), at: place }),
    fc.record({ do: fc.constant('move' as const), at: place, local: fc.nat(ADDRESSES.length - 1) }),
    fc.record({ do: fc.constant('close' as const), session: fc.nat(3) }),
  ),
  { maxLength: 120 },
);

it('sessions, paths, addresses and limits agree with a map at every moment, and retain the addresses of what is there', () => {
  const memory = new FecMemory(new Uint8Array(3_200), 0, 3_200);
  fc.assert(
    fc.property(steps, (list) => {
      const book = new AddressBook();
      const handles = ADDRESSES.map((text) => book.parse(text) ?? 0);
      let quota = 0;
      const share = {
        take: () => ++quota > 0,
        give: () => {
          quota--;
        },
      };
      const table = new SessionTable(MAX_SESSIONS, MAX_PER_ADDRESS, book, share, sequentialRandom());
      const sessions: RelaySession[] = [];
      /** Paths by address and port. */
      const model = new Map<string, { readonly session: RelaySession; local: number }>();
      const sessionsAt = ({ prefixHigh, prefixLow }: AddressPrefix) =>
        sessions.filter((session) => session.prefix.prefixHigh === prefixHigh && session.prefix.prefixLow === prefixLow).length;
      const addPath = (session: RelaySession, number: number, { address, port }: { address: number; port: number }) => {
        const ip = handles[address];
        const path = table.addPath(session, number, { ip, port, local: handles[0] }, null, 0);
        expect(table.find(ip, port)).toBe(path);
        model.set(`${ip} ${port}`, { session, local: handles[0] });
      };
      for (const step of list) {
        if (step.do === 'open') {
          const ip = handles[step.at.address];
          const prefix = { prefixHigh: book.prefixHigh(ip), prefixLow: book.prefixLow(ip) };
          const slot = table.reserve(prefix.prefixHigh, prefix.prefixLow);
          const isFull = sessions.length >= MAX_SESSIONS || sessionsAt(prefix) >= MAX_PER_ADDRESS;
          expect(slot < 0).toBe(isFull);
          if (slot < 0) continue;
          const receiving = new ReceiveState(
            { memory, returns: new BlockReturns(memory), fecTotals: new FecTotals() },
            table.freshWindow(slot),
          );
          const session = new RelaySession(slot, 1, 'standard', null, prefix, receiving, 0);
          table.add(session);
          sessions.push(session);
          addPath(session, 0, step.at);
        } else if (step.do === 'path') {
          if (step.session < sessions.length) addPath(sessions[step.session], step.number, step.at);
        } else if (step.do === 'close') {
          if (step.session >= sessions.length) continue;
          const [session] = sessions.splice(step.session, 1);
          table.remove(session);
          for (const [at, path] of model) if (path.session === session) model.delete(at);
        } else {
          const ip = handles[step.at.address];
          const key = `${ip} ${step.at.port}`;
          const path = table.find(ip, step.at.port);
          const known = model.get(key);
          expect(path === null).toBe(known === undefined);
          if (path === null || known === undefined) continue;
          if (step.do === 'unpath') {
            table.removePath(path);
            model.delete(key);
          } else {
            table.moveLocal(path, handles[step.local]);
            known.local = handles[step.local];
          }
        }
        expect([table.size, quota]).toEqual([sessions.length, sessions.length]);
        expect(sessions.map(({ slot }) => table.at(slot))).toEqual(sessions);
        for (const session of sessions) {
          const own: string[] = [];
          for (let path = session.firstPath; path !== null; path = path.nextOfSession) own.push(`${path.ip} ${path.port} ${path.local}`);
          const expected = [...model].filter(([, path]) => path.session === session).map(([key, { local }]) => `${key} ${local}`);
          expect(own.toSorted()).toEqual(expected.toSorted());
          expect([session.pathCount, session.primary === null]).toEqual([own.length, own.length === 0]);
          if (session.primary !== null) expect(table.find(session.primary.ip, session.primary.port)).toBe(session.primary);
        }
        const held = new Set([...model].flatMap(([key, { local }]) => [Number(key.split(' ')[0]), local]).filter((ip) => ip >>> 28 === 15));
        expect(book.retained).toBe(held.size);
      }
    }),
  );
});
