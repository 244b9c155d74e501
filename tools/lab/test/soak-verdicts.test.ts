import { describe, expect, it } from 'vitest';
import { NodeMetrics } from '../src/node-metrics.ts';
import { Expectations } from '../src/runs.ts';
import { expectAccounts } from '../src/soak/hostile.ts';
import { expectWholeLoad } from '../src/soak/soak-load.ts';
import { runProgram } from './support/run-program.ts';

const KINDS = { data: 50, parity: 5, keepalive: 2, handshake: 2, fin: 1 };

/** What the accounts read of a node's metrics. */
function accountFaults({ received = 90, kinds = KINDS, drops = 30 }): readonly string[] {
  const samples = [
    `lightspeed_packets_total{peer="client",direction="in"} ${received}`,
    ...Object.entries(kinds).map(([kind, value]) => `lightspeed_client_packets_total{kind="${kind}"} ${value}`),
    `lightspeed_dropped_packets_total{direction="client",reason="bad_token"} ${drops}`,
    'lightspeed_dropped_packets_total{direction="server",reason="no_flow"} 99',
    'lightspeed_udp_events_total{event="truncated"} 7',
    'lightspeed_kernel_dropped_packets_total 3',
  ];
  const metrics = new NodeMetrics(`# TYPE lightspeed_sessions gauge\n${samples.join('\n')}\n`);
  const expectations = new Expectations();
  const load = { opened: { open: 3, asked: 4 }, window: { toRelay: 36 } };
  expectAccounts(expectations, metrics, { sent: 60, oversized: 7, unsent: 0, sessions: 0 }, load);
  return expectations.faults;
}

describe('the accounts of a hostile run', () => {
  it('hold when every datagram is somewhere', () => {
    expect(accountFaults({})).toEqual([]);
  });

  it('do not hold when one is nowhere, or twice', () => {
    expect(accountFaults({ drops: 29 })).toEqual(['datagrams handled or dropped for a reason, of those received: 89 instead of 90']);
    expect(accountFaults({ kinds: { ...KINDS, fin: 2 } })).toHaveLength(1);
    expect(accountFaults({ received: 89, drops: 29 })).toEqual(['datagrams that reached the node, of those sent: 99 instead of 100']);
  });
});

describe('the expectations of a load', () => {
  it('name everything that is not as it must be', () => {
    const latencies = { p50Us: 1, p99Us: 1, p999Us: 1, maxUs: 1, lateP99Us: 0 };
    const counts = { sent: 100, answered: 97, late: 2, duplicates: 0, misdelivered: 1, corrupted: 0, toRelay: 100, ownDrops: 0 };
    const expectations = new Expectations();
    expectWholeLoad(expectations, { opened: { open: 10, asked: 10 }, window: { ...counts, ...latencies } }, 10, 100);
    expect(expectations.faults).toEqual(['packets answered: 99 instead of 100', 'answers at the wrong client: 1 instead of 0']);
  });
});

describe('the soak program', () => {
  it('explains itself, and refuses a run that there is not', async () => {
    expect(await runProgram('soak.ts', ['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('steady') });
    expect(await runProgram('soak.ts', ['steadily'])).toMatchObject({
      code: 2,
      stderr: "There is no run 'steadily': allowed are steady, sessions, registrations, hostile, garbage, emulated, kills\n",
    });
  });
});
