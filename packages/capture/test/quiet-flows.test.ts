import { describe, expect, it } from 'vitest';
import { MAX_QUIET_FLOWS, readRequest } from '../src/protocol.ts';
import { getDirectCommand, readQuietMs } from '../src/rules/table.ts';

const flow = { source: { ip: '10.0.0.2', port: 5 }, server: { ip: '8.8.4.4', port: 27_015 } };
const listing = (left: string) => `table ip lightspeed_3 {
  set direct {
    type ipv4_addr . inet_service . ipv4_addr . inet_service
    size 65535
    flags dynamic,timeout
    timeout 3m
    elements = { 10.0.0.2 . 5 . 8.8.4.4 . 27015${left} }
  }
}`;
const ask = (flows: unknown) => readRequest(JSON.stringify({ id: 1, op: 'quiet', flows }));

describe('a flow that the kernel carries', () => {
  it('is asked for by its addresses', () => {
    expect(getDirectCommand(3, flow)).toBe('get element ip lightspeed_3 direct { 10.0.0.2 . 5 . 8.8.4.4 . 27015 }');
  });

  it.each([
    [' expires 2m58s680ms', 1_320],
    [' expires 3m', 0],
    [' expires 1m', 120_000],
    [' expires 59s', 121_000],
    [' expires 4ms', 179_996],
    // A clock that was set, or another memory.
    [' expires 1h', 0],
  ])('was quiet, by when the kernel forgets it:%s', (left, quietMs) => {
    expect(readQuietMs(listing(left))).toBe(quietMs);
  });

  it.each(['', listing(''), listing(' expires soon')])('is unknown where nft says something else', (text) => {
    expect(readQuietMs(text)).toBeUndefined();
  });
});

describe('a request for quiet flows', () => {
  it('takes some flows', () => {
    expect(ask([flow, flow])).toEqual({ id: 1, request: { op: 'quiet', flows: [flow, flow] } });
  });

  it.each([
    ['no list', {}],
    ['no flow', [{ source: flow.source }]],
    ['an address that is none', [{ ...flow, server: { ip: '8.8.4.4 }; flush ruleset', port: 1 } }]],
    ['too many', Array.from({ length: MAX_QUIET_FLOWS + 1 }, () => flow)],
  ])('is refused with %s', (_what, flows) => {
    expect(ask(flows)).toMatchObject({ id: 1, fault: 'flows must be a list of at most 64 flows' });
  });
});
