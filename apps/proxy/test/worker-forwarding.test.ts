import { createEngine } from '@lightspeed/udp';
import { AddressBook } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { EgressPorts } from '../src/data-plane/egress-ports.ts';
import { FORWARDING_IP, WorkerForwarding } from '../src/data-plane/worker-forwarding.ts';
import { IdleEngine } from './support/idle-engine.ts';
import { ClaimsBoard, SharedSessionClaims, claimsMemory } from '../src/data-plane/session-claims.ts';

describe('what comes to a forwarding socket', () => {
  const engine = new IdleEngine(createEngine('portable', {}).arena);
  const addresses = new AddressBook();
  const forward = new WorkerForwarding(engine, engine.openNow(), addresses, 1, 3);

  it('counts only from the ports of the other workers, on loopback', () => {
    expect(forward.accepts(56, FORWARDING_IP, 0)).toBe(true);
    forward.setPorts([5_000, 5_001, 5_002]);
    expect([5_000, 5_001, 5_002, 5_003].map((port) => forward.accepts(56, FORWARDING_IP, port))).toEqual([true, false, true, false]);
    expect(forward.accepts(56, FORWARDING_IP + 1, 5_000)).toBe(false);
    expect(forward.accepts(43, FORWARDING_IP, 5_000)).toBe(false);
  });

  it('has the client in front, and nothing is sent to a worker that is down', () => {
    forward.setPorts([5_000, 5_001, 0]);
    engine.lastSentOffset = -1;
    forward.send(2, 64, 20, 0x0a00_0001, 9, 0);
    expect(engine.lastSentOffset).toBe(-1);
    const [ipv6, local] = [addresses.parse('2001:db8::7') ?? 0, addresses.parse('2001:db8::1') ?? 0];
    const [linkLocal, ownOfLink] = [addresses.parse('fe80::7%2') ?? 0, addresses.parse('fe80::1%2') ?? 0];
    for (const from of [
      [0xcb00_7105 | 0, 0],
      [0xcb00_7105 | 0, 0x0a00_0001],
      [ipv6, local],
      [linkLocal, ownOfLink],
    ]) {
      forward.send(0, 64, 20, from[0], 65_535, from[1]);
      expect(engine.lastSentOffset).toBe(20);
      expect([forward.clientIp(20), forward.localIp(20), forward.clientPort(20)]).toEqual([...from, 65_535]);
    }
  });
});

describe('claims', () => {
  it('are the first one to claim, until it gives back or dies', () => {
    const memory = claimsMemory(4);
    const released: number[] = [];
    const board = new ClaimsBoard(memory);
    const [first, second] = [0, 1].map((own) => new SharedSessionClaims(memory, own, (id) => released.push(id)));
    const session = { sessionId: 77, index: 3 };
    expect([second.claim(session), second.claim(session), first.claim(session)]).toEqual([-1, -1, 1]);
    first.release(session);
    expect(board.isClaimed(3)).toBe(true);
    second.release(session);
    expect([board.isClaimed(3), first.claim(session), second.claim(session)]).toEqual([false, -1, 0]);
    board.giveBackAllOf(0);
    expect(second.claim(session)).toBe(-1);
    expect(released).toEqual([77, 77]);
  });
});

it('a certain egress port can be taken out of the ring, and the others keep their order', () => {
  const steps = fc.array(fc.oneof(fc.constant('take' as const), fc.integer({ min: 9, max: 16 })), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (list) => {
      const ports = new EgressPorts({ low: 10, high: 15 });
      const free = [10, 11, 12, 13, 14, 15];
      const taken: number[] = [];
      for (const step of list) {
        if (step === 'take') {
          const port = free.shift();
          expect(ports.take()).toBe(port ?? -1);
          if (port !== undefined) taken.push(port);
        } else if (free.includes(step)) {
          expect(ports.takeThis(step)).toBe(true);
          free.splice(free.indexOf(step), 1);
          taken.push(step);
        } else {
          expect(ports.takeThis(step)).toBe(false);
          const port = taken.shift();
          if (port === undefined) continue;
          ports.giveBack(port);
          free.push(port);
        }
        expect(ports.free).toBe(free.length);
      }
    }),
  );
});
