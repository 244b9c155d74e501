import type { NodeStats } from '@lightspeed/proxy';
import { describe, expect, it } from 'vitest';
import { AttackFigure } from '../src/soak/attack-plan.ts';
import { expectAccounts } from '../src/soak/hostile-accounts.ts';
import { isLoadPayload, loadPayloadBytes, readLoadClient, readLoadPacket, writeLoadPayload } from '../src/soak/load-payload.ts';
import { LoadFigure } from '../src/soak/load-plan.ts';
import { expectWholeLoad } from '../src/soak/load-verdict.ts';
import { Expectations } from '../src/soak/outcome.ts';
import { runProgram } from './support/run-program.ts';

/** What the accounts read of a node's statistics. */
function statsWith(relay: Partial<NodeStats['relay']>, drops: number): NodeStats {
  const counters = { clientPacketsReceived: 90, dataPackets: 50, parityPackets: 5, keepalives: 2, handshakes: 2, fins: 1 };
  return {
    relay: { ...counters, ...relay } as NodeStats['relay'],
    clientDrops: { bad_token: drops },
    serverDrops: {},
    udp: { truncated: 7, kernel_drops: 3 } as NodeStats['udp'],
    workers: [],
    workerRestarts: 0,
  };
}

function accountFaults(stats: NodeStats): readonly string[] {
  const attack = new Float64Array(5);
  attack[AttackFigure.sent] = 60;
  attack[AttackFigure.oversized] = 7;
  const load = new Float64Array(12);
  load[LoadFigure.datagramsSent] = 40;
  const expectations = new Expectations();
  expectAccounts(expectations, stats, attack, load);
  return expectations.faults;
}

describe('the accounts of a hostile run', () => {
  it('hold when every datagram is somewhere', () => {
    expect(accountFaults(statsWith({}, 30))).toEqual([]);
  });

  it('do not hold when one is nowhere, or twice', () => {
    expect(accountFaults(statsWith({}, 29))).toEqual(['datagrams handled or dropped for a reason, of those received: 89 instead of 90']);
    expect(accountFaults(statsWith({ fins: 2 }, 30))).toHaveLength(1);
    expect(accountFaults(statsWith({ clientPacketsReceived: 89 }, 29))).toEqual([
      'datagrams that reached the node, of those sent: 99 instead of 100',
    ]);
  });
});

describe('the expectations of a load', () => {
  it('name everything that is not as it must be', () => {
    const figures = new Float64Array(12);
    figures[LoadFigure.opened] = 10;
    figures[LoadFigure.sent] = 100;
    figures[LoadFigure.answered] = 99;
    figures[LoadFigure.misdelivered] = 1;
    const expectations = new Expectations();
    expectWholeLoad(expectations, figures, 10, 100);
    expect(expectations.faults).toEqual(['packets answered: 99 instead of 100', 'answers at the wrong client: 1 instead of 0']);
  });
});

describe("a load client's payload", () => {
  it('shows whose it is and whether it is whole', () => {
    const bytes = new Uint8Array(300);
    const length = writeLoadPayload(bytes, 10, 9_999, 70_000);
    expect(length).toBe(loadPayloadBytes(9_999, 70_000));
    expect([readLoadClient(bytes, 10), readLoadPacket(bytes, 10)]).toEqual([9_999, 70_000]);
    expect(isLoadPayload(bytes, 10, length)).toBe(true);
    expect(isLoadPayload(bytes, 10, length - 1)).toBe(false);
    for (let at = 10; at < 10 + length; at++) {
      bytes[at] ^= 1;
      expect(isLoadPayload(bytes, 10, length), `byte ${at}`).toBe(false);
      bytes[at] ^= 1;
    }
  });
});

describe('the soak program', () => {
  it('explains itself, and refuses a run that there is not', async () => {
    expect(await runProgram('soak.ts', ['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('steady') });
    expect(await runProgram('soak.ts', ['steadily'])).toMatchObject({
      code: 2,
      stderr: "There is no run 'steadily': allowed are steady, sessions, registrations, hostile, garbage, emulated\n",
    });
  });
});
