import { measureAllocation } from './allocation.ts';
import { costChart } from './macro/cost-chart.ts';
import { measureMacro } from './macro/macro.ts';
import { FULL_MACRO, QUICK_MACRO } from './macro/plan.ts';
import { macroFaults } from './macro/macro-faults.ts';
import { renderMacro } from './macro/render-macro.ts';
import { measureMicro } from './micro.ts';
import { allocationFaults, renderPieces } from './render-pieces.ts';
import { renderBarChart } from './report/bar-chart.ts';
import { section } from './section.ts';
import type { AnySection } from './section.ts';

/** All that is measured, in the order of the report. */
export const SECTIONS: readonly AnySection[] = [
  section({
    name: 'micro',
    title: 'The pieces',
    about: 'nanoseconds of headers, FEC and a whole round trip without system calls; bytes allocated per packet',
    only: ['micro'],
    measure: async ({ quick, progress }) => {
      progress('allocation');
      const allocation = await measureAllocation(quick ? 2 : 6);
      return { allocation, timings: await measureMicro(quick ? 50 : 500, progress) };
    },
    render: renderPieces,
    faults: ({ allocation }) => allocationFaults(allocation),
  }),
  section({
    name: 'macro',
    title: 'The whole relay beside others',
    about: 'round trips through a node: loss, latency, CPU time, memory; `macro` is our own forms only, `peers` others beside us',
    only: ['macro', 'peers'],
    measure: ({ quick, only, progress }) => {
      return measureMacro({ plan: quick ? QUICK_MACRO : FULL_MACRO, allForms: !quick && only !== 'peers', peers: only !== 'macro', progress });
    },
    render: renderMacro,
    pictures: (data) => {
      const chart = costChart(data);
      return [{ file: 'benchmarks.svg', alt: chart.title, svg: renderBarChart(chart) }];
    },
    faults: macroFaults,
  }),
];
