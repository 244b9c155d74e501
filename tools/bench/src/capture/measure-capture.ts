import { fileURLToPath } from 'node:url';
import { ForeignProcess } from '@lightspeed/lab';
import type { CaptureFigures, KillFigures, LoadFigures } from '@lightspeed/lab';
import { median } from '../relays/rounds.ts';
import type { Claim, Found } from '../report/page.ts';
import type { Row } from '../report/table.ts';

/** The lab's program that measures, in network namespaces. */
const PROGRAM = fileURLToPath(new URL('../../../lab/test/capture/figures/main.ts', import.meta.url));
const END_MS = 900_000;
const MB = 1e6;
const REPEAT = '`pnpm bench --capture`';

/** Measures what captures cost, and what is lost when one of their processes is killed. Linux only, as root. */
export async function measureCapture(quick: boolean, progress: (text: string) => void): Promise<Found> {
  const words = ['--conditions=@lightspeed/source', PROGRAM, ...(quick ? ['quick'] : [])];
  await using program = new ForeignProcess(process.execPath, words, process.env);
  using _saying = setInterval(() => progress(program.lines.at(-1) ?? 'starting'), 1_000);
  const text = await program.line(/^\{"loads"/, END_MS);
  // It takes away what it has made.
  await program.exitCode();
  // What never came back is written as null.
  return foundOf(JSON.parse(text, (_name, value: unknown) => value ?? Infinity) as CaptureFigures);
}

/** Tables and goals, with medians of all rounds. */
export function foundOf({ loads, direct, directInUserSpace, kills }: CaptureFigures): Found {
  const of = (way: 'run' | 'play', value: (load: LoadFigures) => number) => median(loads[way].map(value));
  const percentOf = (part: string) => of('run', ({ cpuShareOf }) => 100 * cpuShareOf[part]);
  const megabytesOf = (part: string) => of('run', ({ residentBytesOf }) => residentBytesOf[part] / MB);
  const processes = Object.keys(loads.run[0].cpuShareOf).map((part): Row => {
    return { process: `run: ${part}`, 'CPU, % of a core': percentOf(part), 'RSS, MB': megabytesOf(part), 'lost, %': NaN };
  });
  const totals = (['run', 'play'] as const).map((way): Row => {
    const [cpu, bytes] = [of(way, ({ cpuShare }) => 100 * cpuShare), of(way, ({ residentBytes }) => residentBytes / MB)];
    return { process: `${way}: all`, 'CPU, % of a core': cpu, 'RSS, MB': bytes, 'lost, %': of(way, ({ lostShare }) => 100 * lostShare) };
  });
  const flows = (['uncaught', 'direct'] as const).map((flow): Row => {
    return { flow, 'p50 ms': median(direct[flow].p50), 'p99 ms': median(direct[flow].p99) };
  });
  const added = (quantile: 'p50' | 'p99') => median(direct.direct[quantile].map((ms, round) => ms - direct.uncaught[quantile][round]));
  const victims = [...new Set(kills.map(({ victim }) => victim))];
  const killed = (victim: string, value: (kill: KillFigures) => number) => kills.filter((kill) => kill.victim === victim).map(value);
  const outages = victims.map((victim): Row => {
    const typicalAndWorst = (value: (kill: KillFigures) => number, digits: number) => {
      const values = killed(victim, value);
      return `${median(values).toFixed(digits)}, ${Math.max(...values).toFixed(digits)}`;
    };
    return {
      'killed (each figure: median, worst)': victim,
      'rules gone, ms': typicalAndWorst(({ rulesGoneMs }) => rulesGoneMs, 0),
      'new flows pass, ms': typicalAndWorst(({ newFlowsPassMs }) => newFlowsPassMs, 0),
      'direct: lost, %': typicalAndWorst(({ directLostShare }) => 100 * directLostShare, 2),
      'direct: silent, ms': typicalAndWorst(({ directSilentMs }) => directSilentMs, 0),
      'by node: silent, ms': typicalAndWorst(({ nodeSilentMs }) => nodeSilentMs, 0),
    };
  });
  const ofEach = (value: (kill: KillFigures) => number) => victims.map((victim) => median(killed(victim, value)));
  const goal = (claim: string, load: string, bound: number, ...measured: readonly number[]): Claim => {
    return { claim, against: '–', load, bound, measured, repeat: REPEAT };
  };
  const steady = '500 round trips a second by run';
  const end = `killed: ${victims.join(' / ')}`;
  return {
    figures: {
      '500 round trips a second': [...processes, ...totals],
      'Round trips of one program': flows,
      'A process is killed': outages,
    },
    claims: [
      goal('CPU time of all processes, % of a core', steady, 3, Number(totals[0]['CPU, % of a core'])),
      { ...goal('RSS above, MB', steady, 15, Number(totals[0]['RSS, MB']) - Number(totals[1]['RSS, MB'])), against: 'play' },
      { ...goal('added to round trips, ms', 'direct flow, p50 / p99', 0.05, added('p50'), added('p99')), against: 'uncaught' },
      goal('datagrams in user space', 'each direct flow', 3, directInUserSpace),
      goal('rules gone, ms', end, 100, ...ofEach(({ rulesGoneMs }) => rulesGoneMs)),
      goal('direct flows: lost within a second, %', end, 1, ...ofEach(({ directLostShare }) => 100 * directLostShare)),
      goal('flows by the node: silent, ms', end, 200, ...ofEach(({ nodeSilentMs }) => nodeSilentMs)),
    ],
    faults: [],
  };
}
