import { allocationFaults, measureMicro } from './micro/measure-micro.ts';
import type { BenchOptions, Part } from './options.ts';
import { judgeRelays } from './relays/claims.ts';
import type { Claim } from './relays/claims.ts';
import { FULL_LOADS, QUICK_LOADS, WARM_UP, arrivalOf } from './relays/loads.ts';
import { measureRelays, relayFaults } from './relays/measure-relays.ts';
import { cpuRatio, relayRows } from './relays/rounds.ts';
import { C_RELAY } from './relays/entrants.ts';
import { describeMachine } from './report/machine.ts';
import type { Report } from './report/page.ts';
import type { Row } from './report/table.ts';
import { FULL_SCALE, QUICK_SCALE, measureScale } from './scale/measure-scale.ts';

/** What a part has found. */
interface Found {
  readonly figures: Readonly<Record<string, readonly Row[]>>;
  readonly claims: readonly Claim[];
  /** What must not be: each makes the program's exit code 1. */
  readonly faults: readonly string[];
}

type Measure = (quick: boolean, progress: (text: string) => void) => Promise<Found>;

const MEASURES: Readonly<Record<Part, Measure>> = { relays, scale, micro };

/** Measures what was asked for. */
export async function measure(
  { quick, only }: Pick<BenchOptions, 'quick' | 'only'>,
  command: string,
  progress: (text: string) => void,
): Promise<{ readonly report: Report; readonly faults: readonly string[] }> {
  const startedMs = performance.now();
  const found: Found[] = [];
  for (const [part, take] of Object.entries(MEASURES)) {
    if (only === undefined || only === part) found.push(await take(quick, (text) => progress(`${part}: ${text}`)));
  }
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  const about = { command, takenOn: new Date().toISOString().slice(0, 10), seconds, machine: describeMachine() };
  const figures = Object.assign({}, ...found.map((part) => part.figures)) as Report['figures'];
  return { report: { ...about, claims: found.flatMap(({ claims }) => claims), figures }, faults: found.flatMap(({ faults }) => faults) };
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
      'CPU µs per round trip': row.cpuUsPerRoundTrip,
      '÷ C': cpuRatio(rounds, row.relay, C_RELAY),
      'RSS MiB': row.residentBytes / 1_048_576,
    }));
    return [title, rows] as const;
  });
  const setting = { layout, ...missing };
  const about = Object.entries(setting).map(([what, text]): Row => ({ what, text }));
  return {
    figures: { ...Object.fromEntries(tables), 'Where relays ran, and who is missing': about },
    claims: judgeRelays(loads),
    faults: relayFaults(loads),
  };
}

async function scale(quick: boolean, progress: (text: string) => void): Promise<Found> {
  const rows = await measureScale(quick ? QUICK_SCALE : FULL_SCALE, progress);
  return { figures: { 'Nodes with very many sessions': rows }, claims: memoryClaims(rows), faults: [] };
}

const MOST_BYTES_PER_SESSION = 1_500;

/** A node's memory differs by some megabytes from start to start: only very many sessions show what one takes. */
export function memoryClaims(rows: readonly Row[]): Claim[] {
  const found = rows.filter((row) => row.sessions === 50_000 && row['let in'] === 'registered');
  return found.map((row) => ({
    ...{ claim: 'bytes of the node for an idle registered session', against: '–', load: '50,000 sessions, each with a flow' },
    ...{ bound: MOST_BYTES_PER_SESSION, measured: [Number(row['bytes per idle session'])], repeat: '`pnpm bench --only scale`' },
  }));
}

async function micro(quick: boolean, progress: (text: string) => void): Promise<Found> {
  const { timings, allocation } = await measureMicro(quick, progress);
  const claims = allocation.map(({ path, bytesPerPacket }): Claim => {
    const about = { claim: 'bytes allocated on the heap per packet', against: '–', load: path };
    return { ...about, bound: 1, measured: [bytesPerPacket], repeat: '`pnpm bench --gate`' };
  });
  return {
    figures: {
      'Allocated on the heap': allocation.map(({ path, bytesPerPacket, mostlyBy }) => ({
        path,
        'bytes per packet': bytesPerPacket,
        'mostly by': mostlyBy,
      })),
      'Nanoseconds per operation': timings.map(({ operation, medianNs, p99Ns }) => ({ operation, median: medianNs, p99: p99Ns })),
    },
    claims,
    faults: allocationFaults(allocation),
  };
}
