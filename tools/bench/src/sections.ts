import { costChart } from './macro/cost-chart.ts';
import { measureMacro } from './macro/macro.ts';
import { FULL_MACRO, QUICK_MACRO } from './macro/plan.ts';
import { macroFaults } from './macro/macro-faults.ts';
import { renderMacro } from './macro/render-macro.ts';
import { allocationFaults } from './micro/allocation-faults.ts';
import { measureMicro } from './micro/measure-micro.ts';
import { renderMicro } from './micro/render-micro.ts';
import { renderBarChart } from './report/bar-chart.ts';
import { section } from './section.ts';
import type { AnySection } from './section.ts';
import { FULL_SCALE, QUICK_SCALE, measureScale } from './scale/measure-scale.ts';
import { renderScale } from './scale/render-scale.ts';

/** All that is measured, in the order of the report. */
export const SECTIONS: readonly AnySection[] = [
  section({
    name: 'micro',
    title: 'The pieces',
    about: 'nanoseconds of headers, look-ups, admission, FEC and a whole round trip without system calls; bytes allocated',
    only: ['micro'],
    measure: ({ quick, progress }) => measureMicro({ quick }, progress),
    render: renderMicro,
    faults: ({ allocation }) => allocationFaults(allocation),
  }),
  section({
    name: 'macro',
    title: 'The whole relay beside others',
    about: 'round trips through a node: loss, latency, CPU time, memory; `macro` is our own forms only, `peers` others beside us',
    only: ['macro', 'peers'],
    measure: ({ quick, only, progress }) => {
      return measureMacro({
        plan: quick ? QUICK_MACRO : FULL_MACRO,
        allForms: !quick && only !== 'peers',
        peers: only !== 'macro',
        progress,
      });
    },
    render: renderMacro,
    pictures: (data) => {
      const chart = costChart(data);
      return [{ file: 'benchmarks.svg', alt: chart.title, svg: renderBarChart(chart) }];
    },
    faults: macroFaults,
  }),
  section({
    name: 'scale',
    title: 'Nodes with very many sessions',
    about: 'memory, CPU and latencies with 1,000 to 50,000 sessions, also while they are swept and while they end',
    only: ['scale'],
    measure: ({ quick, progress }) => measureScale(quick ? QUICK_SCALE : FULL_SCALE, progress),
    render: renderScale,
    faults: () => [],
  }),
];
