import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { LabError, NodeProgram, cpuNs, startRegistrants, temporaryFolder } from '@lightspeed/lab';
import { requireLinux } from '../relays/measure-relays.ts';
import type { Found } from '../report/page.ts';
import type { Row } from '../report/table.ts';

const CLIENTS = 1_000;
const QUICK_CLIENTS = 250;
/** The QUIC library of a client's process takes the longer for a keepalive, the more connections it has: real clients have one. */
const PROCESSES = 10;
const AT_ONCE = 8;
/** Registrations cost, and clients learn the node's clock, before the connections are idle. */
const SETTLE_MS = 30_000;
const WINDOW_MS = 120_000;
const QUICK_WINDOW_MS = 20_000;
const MOST_MS_PER_SECOND = 20;
const NS_PER_MS = 1_000_000;

/**
 * Measures what a node spends on control connections over which nothing happens but what keeps them alive. This is the CPU time
 * of the whole process, and how often its threads fell asleep to be woken again. Linux only.
 */
export async function measureIdleControl(quick: boolean, progress: (what: string) => void): Promise<Found> {
  requireLinux();
  const clients = quick ? QUICK_CLIENTS : CLIENTS;
  const windowMs = quick ? QUICK_WINDOW_MS : WINDOW_MS;
  await using undo = new AsyncDisposableStack();
  const node = undo.use(
    await NodeProgram.start({ allow: [], stateDir: undo.use(await temporaryFolder()).path, admit: 'whoever registers' }),
  );
  const without = await sample(node.pid, windowMs / 4);
  progress(`registering ${clients} clients`);
  const processes = Array.from({ length: PROCESSES }, () => undo.use(startRegistrants()));
  for (const [takenAddresses, registrants] of processes.entries()) {
    const { failures } = await registrants.register({
      ...{ control: node.control, pin: node.pinText, clients: clients / PROCESSES, atOnce: AT_ONCE, takenAddresses },
    });
    if (failures.length > 0) throw new LabError('ERR_LAB_PROCESS', `clients were refused: ${failures.join('; ')}`);
  }
  progress('waiting until they are idle');
  await setTimeout(quick ? SETTLE_MS / 3 : SETTLE_MS);
  progress(`measuring for ${windowMs / 1_000} s`);
  const idle = await sample(node.pid, windowMs);
  const rows: Row[] = [
    { connections: 0, ...without },
    { connections: clients, ...idle },
  ];
  for (const registrants of processes) await registrants.hangUp();
  const faults =
    quick || idle['ms per second'] <= MOST_MS_PER_SECOND ? [] : [`idle control connections cost more than ${MOST_MS_PER_SECOND} ms/s`];
  return { figures: { 'Idle control connections': rows }, claims: [], faults };
}

async function sample(pid: number, windowMs: number) {
  const [cpuBefore, sleepsBefore, startMs] = [cpuNs([pid]), sleeps(pid), performance.now()];
  await setTimeout(windowMs);
  const seconds = (performance.now() - startMs) / 1_000;
  return {
    'ms per second': Number(((cpuNs([pid]) - cpuBefore) / NS_PER_MS / seconds).toFixed(1)),
    'wake-ups per second': Math.round((sleeps(pid) - sleepsBefore) / seconds),
  };
}

/** How often threads of a process have given up their core to wait. */
function sleeps(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const [, times] = /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')) ?? [];
    return sum + Number(times ?? 0);
  }, 0);
}
