import { measureCapture } from './capture/measure-capture.ts';
import { measureIdleControl } from './idle/idle-control.ts';
import { measureLoss } from './loss/measure-loss.ts';
import { measureMicro } from './micro/measure-micro.ts';
import type { BenchOptions, Part } from './options.ts';
import { judgeRelays } from './relays/claims.ts';
import { FULL_LOADS, QUICK_LOADS, WARM_UP, arrivalOf } from './relays/loads.ts';
import { measureRelays, relayFaults } from './relays/measure-relays.ts';
import { cpuRatio, relayRows } from './relays/rounds.ts';
import { C_RELAY } from './relays/entrants.ts';
import { describeMachine } from './report/page.ts';
import type { Found, Report } from './report/page.ts';
import type { Row } from './report/table.ts';
import { measureScale } from './scale/measure-scale.ts';
import { measureStart } from './start/measure-start.ts';

type Measure = (quick: boolean, progress: (text: string) => void) => Promise<Found>;

const MEASURES: Readonly<Record<Part, Measure>> = { relays, scale: measureScale, micro: measureMicro };

/** What asks for a measurement that stands for itself, and what belongs to it. */
type Alone = 'capture' | 'loss' | 'idleControl' | 'start' | 'peers' | 'against';

/** Measures what was asked for: captures alone, or parts. */
export async function measure(
  { quick, only, ...alone }: Pick<BenchOptions, 'quick' | 'only' | Alone>,
  command: string,
  progress: (text: string) => void,
): Promise<{ readonly report: Report; readonly faults: readonly string[] }> {
  const startedMs = performance.now();
  const found: Found[] = [];
  const measures = measuresFor(alone);
  for (const [part, take] of Object.entries(measures)) {
    if (only === undefined || only === part) found.push(await take(quick, (text) => progress(`${part}: ${text}`)));
  }
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  const about = { command, takenOn: new Date().toISOString().slice(0, 10), seconds, machine: describeMachine() };
  const figures = Object.assign({}, ...found.map((part) => part.figures)) as Report['figures'];
  return { report: { ...about, claims: found.flatMap(({ claims }) => claims), figures }, faults: found.flatMap(({ faults }) => faults) };
}

/** What stands for itself, or the parts. */
function measuresFor({ capture, loss, idleControl, start, peers, against }: Pick<BenchOptions, Alone>): Readonly<Record<string, Measure>> {
  if (capture) return { capture: measureCapture };
  if (loss) return { loss: lossWith(peers) };
  if (start) return { start: (quick, progress) => measureStart(quick, against, progress) };
  return idleControl ? { idle: measureIdleControl } : MEASURES;
}

/** Protection, beside the tunnels of peers. */
function lossWith(peers: BenchOptions['peers']): Measure {
  return (quick, progress) => measureLoss(quick, progress, peers);
}

async function relays(quick: boolean, progress: (text: string) => void): Promise<Found> {
  const plan = quick
    ? { loads: QUICK_LOADS, warmUp: { ...WARM_UP, warmUpMs: 200, measureMs: 100 } }
    : { loads: FULL_LOADS, warmUp: WARM_UP };
  const { layout, loads, missing } = await measureRelays(plan, progress);
  const tables = loads.map(({ load, rounds }) => {
    const title = `${load.clients} clients, ${load.ratePps.toLocaleString('en')} round trips a second, ${arrivalOf(load)}`;
    const rows = relayRows(rounds).map((row): Row => ({
      relay: row.relay,
      'lost, %': row.loss * 100,
      ...{ 'p50 µs': row.p50Us, 'p99 µs': row.p99Us, 'p99.9 µs': row.p999Us, 'added p50': row.addedP50Us, 'added p99': row.addedP99Us },
      'sent late, p99 µs': row.lateP99Us,
      'CPU µs per round trip': row.cpuUsPerRoundTrip,
      '÷ C': cpuRatio(rounds, row.relay, C_RELAY),
      'RSS MiB': row.residentBytes / 1_048_576,
    }));
    return [title, rows] as const;
  });
  const about = Object.entries({ layout, ...missing }).map(([what, text]): Row => ({ what, text }));
  return {
    figures: { ...Object.fromEntries(tables), 'Where relays ran, and who is missing': about },
    claims: judgeRelays(loads),
    faults: relayFaults(loads),
  };
}
