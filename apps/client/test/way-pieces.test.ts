import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { piecesOf } from '../src/page/way-pieces.ts';
import type { MeasuredWays } from '../src/page/way-pieces.ts';

const router = (ttl: number, ip: string, roundTripMs: number) => ({ ttl, ip, roundTripMs });
const MEASURED: MeasuredWays = {
  directMs: 60,
  isServerMeasured: true,
  node: { name: 'fra-1', ms: 42, toNodeMs: 14 },
  routers: [router(1, '192.168.1.1', 2), router(2, '100.64.0.1', 11), router(5, '203.0.113.1', 56)],
  serverTtl: 6,
  obstacle: undefined,
};
const shown = (measured: Partial<MeasuredWays> = {}) => {
  const { ways, note } = piecesOf({ ...MEASURED, ...measured });
  return { ways: ways.map(({ parts }) => parts.map(({ kind, ms }) => `${kind} ${ms}`)), note };
};

describe('the pieces of both ways', () => {
  it('are home, the line to the provider, routes, and the network of the server', () => {
    expect(shown().ways).toEqual([
      ['home 2', 'provider 9', 'route 45', 'server 4'],
      ['home 2', 'provider 9', 'route 3', 'route 28'],
    ]);
    expect(shown().note).toBe('Not measured on its own, so part of the piece beside it: the node itself.');
  });

  it('are left out where nobody knows them, and the note says so', () => {
    const silentHome = shown({ routers: [router(2, '100.64.0.1', 11)], serverTtl: undefined });
    expect(silentHome.ways[0]).toEqual(['provider 11', 'route 49']);
    expect(silentHome.note).toContain('your home router, the node itself, the server’s own network');
    expect(shown({ routers: [] })).toMatchObject({ ways: [['route 60'], ['route 14', 'route 28']] });
    expect(shown({ routers: undefined }).note).toBe('Your home and your internet provider are being measured.');
    expect(shown({ routers: undefined, obstacle: 'probes by TTL need Linux' }).note).toContain(
      'are not measured: probes by TTL need Linux.',
    );
    expect(shown({ node: { name: 'n', ms: 42, toNodeMs: undefined } }).ways).toHaveLength(1);
  });

  it('take no provider’s private network for a home, and a router in front of another one for one home', () => {
    const private10 = [router(1, '192.168.1.1', 2), router(2, '10.9.8.7', 11), router(3, '203.0.113.1', 13)];
    expect(shown({ routers: private10, serverTtl: undefined }).ways[0]).toEqual(['home 2', 'provider 9', 'route 49']);
    const two = [router(1, '192.168.2.1', 2), router(2, '192.168.1.1', 4), router(3, '203.0.113.1', 13)];
    expect(shown({ routers: two, serverTtl: undefined }).ways[0]).toEqual(['home 4', 'provider 9', 'route 47']);
    const rented = [router(1, '203.0.113.1', 1)];
    expect(shown({ routers: rented, serverTtl: undefined }).ways[0]).toEqual(['provider 1', 'route 59']);
  });

  it('blame nobody by a router that answers more slowly than either way: what is not on both is not yours', () => {
    const slow = [router(1, '192.168.1.1', 30), router(2, '100.64.0.1', 40)];
    expect(shown({ routers: slow, serverTtl: undefined }).ways).toEqual([['route 60'], ['route 14', 'route 28']]);
  });

  it('end at the last router where the server answers nothing', () => {
    const { ways, note } = shown({ isServerMeasured: false, serverTtl: undefined });
    expect(ways[0]).toEqual(['home 2', 'provider 9', 'route 49']);
    expect(note).toContain('the last router before it is measured');
  });

  it('are never below 0, and are all of their way together, however slowly routers answer', () => {
    const ms = fc.double({ min: 0, max: 500, noNaN: true });
    const routers = fc.array(fc.tuple(fc.constantFrom('10.0.0.1', '100.64.0.1', '203.0.113.1'), ms), { maxLength: 8 });
    fc.assert(
      fc.property(ms, ms, ms, routers, fc.option(fc.nat(9), { nil: undefined }), (directMs, toNodeMs, beyondMs, answers, serverTtl) => {
        const found = answers.map(([ip, roundTripMs], index) => router(index + 1, ip, roundTripMs));
        const node = { name: 'n', ms: toNodeMs + beyondMs, toNodeMs };
        const { ways } = piecesOf({ ...MEASURED, directMs, node, routers: found, serverTtl });
        for (const [index, total] of [directMs, node.ms].entries()) {
          const parts = ways[index].parts.map((part) => part.ms);
          expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
          expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(total, 6);
        }
      }),
    );
  });
});
