import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FecMemory } from '@lightspeed/fec';
import { DEFAULT_RELAY_OPTIONS } from '@lightspeed/session';
import type { EgressMapping } from '@lightspeed/session';
import { BlockReturns } from '../src/protection/block-returns.ts';
import { Clock } from '../src/base/clock.ts';
import { FecTotals } from '../src/protection/fec-totals.ts';
import { KeyTable } from '../src/key-table.ts';
import { PacketWriter } from '../src/packet-writer.ts';
import { ReceiveState } from '../src/receive-state.ts';
import { EgressAllocator } from '../src/relay/egress-allocator.ts';
import { FairShares } from '../src/relay/fair-shares.ts';
import { FlowReports } from '../src/relay/flow-reports.ts';
import { FlowTable } from '../src/relay/flow-table.ts';
import { RelaySession } from '../src/relay/relay-session.ts';
import type { RelayFlow } from '../src/relay/relay-session.ts';
import { SessionLimits } from '../src/relay/session-limits.ts';
import { sequentialRandom } from './support/random.ts';
import { RelayHost } from './support/relay-host.ts';

const SESSIONS = 3;

const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        session: fc.nat(SESSIONS - 1),
        program: fc.nat(2),
        server: fc.nat(3),
        port: fc.constantFrom(0, 0, 40_001, 40_002),
      }),
    },
    { weight: 1, arbitrary: fc.record({ close: fc.nat(SESSIONS - 1) }) },
    { weight: 2, arbitrary: fc.record({ touch: fc.nat(SESSIONS - 1), atMs: fc.nat(50) }) },
  ),
  { maxLength: 100 },
);

it.each(['shared', 'endpoint-independent'] as const)(
  'flows are found both ways as a map has them, and sockets are open that they use: %s',
  (mapping: EgressMapping) => {
    const memory = new FecMemory(new Uint8Array(3_400), 0, 3_400);
    fc.assert(
      fc.property(steps, (list) => {
        const driver = new RelayHost();
        const random = sequentialRandom();
        const bySocket = new KeyTable(random(), 0, 3);
        const shares = new FairShares(DEFAULT_RELAY_OPTIONS, { memory, returns: new BlockReturns(memory), fecTotals: new FecTotals() }, 1);
        const egress = new EgressAllocator({ ...DEFAULT_RELAY_OPTIONS, egressMapping: mapping }, driver, bySocket, shares, random);
        const writer = new PacketWriter(memory, new BlockReturns(memory), { sendPacket: () => true }, new Clock());
        const limits = new SessionLimits({ ...DEFAULT_RELAY_OPTIONS, maxClients: SESSIONS }, undefined);
        for (let slot = 0; slot < SESSIONS; slot++) limits.open(slot, null, { prefixHigh: 0, prefixLow: slot }, true, 0, 1, 1);
        const reports = new FlowReports({ limits, clock: new Clock(), output: driver });
        const table = new FlowTable(egress, writer, reports, bySocket, random);
        const sessions = Array.from({ length: SESSIONS }, (_, slot) => {
          return new RelaySession(
            slot,
            1,
            'standard',
            null,
            { prefixHigh: 0, prefixLow: slot },
            new ReceiveState({ memory, returns: new BlockReturns(memory), fecTotals: new FecTotals() }),
            0,
          );
        });
        const model = new Map<string, RelayFlow>();
        const keyOf = (session: number, program: number, server: number) => `${session} ${program} ${server}`;
        for (const step of list) {
          if ('close' in step) {
            const nowMs = 50;
            // All that were not touched at the end of the time.
            table.closeIdle(sessions[step.close], 1, nowMs);
            for (const [key, flow] of model) if (flow.session === sessions[step.close] && nowMs - flow.lastUpMs >= 1) model.delete(key);
          } else if ('touch' in step) {
            for (const flow of model.values()) if (flow.session === sessions[step.touch]) flow.lastUpMs = step.atMs;
          } else {
            const { session, program, server, port } = step;
            const key = keyOf(session, program, server);
            if (model.has(key)) continue;
            const flow = table.open(sessions[session], program, 5_000, server, 7_777, 0, port);
            if (flow === null) throw new Error('there are sockets enough');
            model.set(key, flow);
          }
          expect([table.size, driver.carried.size]).toEqual([model.size, model.size]);
          for (let session = 0; session < SESSIONS; session++) {
            for (let program = 0; program < 3; program++) {
              for (let server = 0; server < 4; server++) {
                const found = table.findUp(sessions[session], program, 5_000, server, 7_777);
                expect(found).toBe(model.get(keyOf(session, program, server)) ?? null);
              }
            }
            expect(sessions[session].flowCount).toBe([...model.values()].filter((flow) => flow.session === sessions[session]).length);
          }
          for (const flow of model.values()) {
            expect(table.findDown(flow.egress, flow.serverIp, flow.serverPort)).toBe(flow);
            expect(table.at(flow.index)).toBe(flow);
          }
          const used = new Set([...model.values()].map((flow) => flow.egress));
          expect([egress.openSockets, [...driver.openEgressSockets].toSorted()]).toEqual([used.size, [...used].toSorted()]);
        }
      }),
      { numRuns: 60 },
    );
  },
);
