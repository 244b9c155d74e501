import { C_RELAY, COTURN, NGINX } from '../peers/catalogue.ts';
import type { BarChart } from '../report/bar-chart.ts';
import { OURS, OURS_FEC, OURS_PORTABLE } from './entrants.ts';
import type { MacroData } from './macro-data.ts';
import { CLAIMED_CLIENTS } from './plan.ts';

const SERIES = [
  { name: OURS, light: '#0550ae', dark: '#79c0ff' },
  { name: OURS_FEC, light: '#218bff', dark: '#388bfd' },
  { name: OURS_PORTABLE, light: '#80ccff', dark: '#1158c7' },
  { name: C_RELAY, light: '#6e7781', dark: '#8b949e' },
  { name: NGINX, light: '#1a7f37', dark: '#3fb950' },
  { name: COTURN, light: '#bc4c00', dark: '#db6d28' },
];

/** What a round trip costs, by load. */
export function costChart({ loads }: MacroData): BarChart {
  const shown = loads.filter(({ plan }) => plan.clients === CLAIMED_CLIENTS && plan.grainUs === 0 && plan.burst === 1);
  const series = SERIES.filter(({ name }) => shown.some(({ rows }) => rows.some(({ relay }) => relay === name)));
  return {
    title: 'CPU time of a round trip, by load',
    unit: `µs of the relay's process, user and system; ${CLAIMED_CLIENTS} clients, one worker`,
    series,
    groups: shown.map(({ plan, rows }) => ({
      label: `${plan.ratePps.toLocaleString('en')} round trips a second`,
      values: series.map(({ name }) => rows.find(({ relay }) => relay === name)?.cpuUsPerRoundTrip ?? NaN),
    })),
  };
}
