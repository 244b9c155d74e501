import type { KillFigures } from '@lightspeed/lab';
import { expect, test } from 'vitest';
import { foundOf } from '../src/capture/measure-capture.ts';
import { verdictOf } from '../src/report/page.ts';

const load = (cpuShare: number, residentBytes: number) => {
  return { cpuShare, cpuShareOf: { client: cpuShare }, residentBytes, residentBytesOf: { client: residentBytes }, lostShare: 0 };
};
const kill = (victim: string, nodeSilentMs: number): KillFigures => {
  return { victim, nodeSilentMs, rulesGoneMs: 20, newFlowsPassMs: 30, directLostShare: 0.002, directSilentMs: 4 };
};
const found = foundOf({
  loads: { run: [load(0.02, 190e6), load(0.03, 180e6), load(0.09, 170e6)], play: [load(0.02, 160e6)] },
  direct: { uncaught: { p50: [0.1, 0.2], p99: [0.3, 0.5] }, direct: { p50: [0.11, 0.22], p99: [0.36, 0.58] } },
  directInUserSpace: 1,
  kills: [kill('client', 90), kill('capture service', 50), kill('client', 300), kill('client', 100), kill('capture service', 60)],
});
const claim = (name: string) => found.claims.find(({ claim }) => claim.startsWith(name));

test('goals are held to the medians of all rounds', () => {
  expect(claim('CPU time')).toMatchObject({ bound: 3, measured: [3] });
  expect(claim('RSS')).toMatchObject({ against: 'play', bound: 15, measured: [20] });
  expect(claim('added')?.measured.map((ms) => Math.round(ms * 1_000))).toEqual([15, 70]);
  expect(claim('datagrams')).toMatchObject({ bound: 3, measured: [1] });
  expect(claim('flows by the node')).toMatchObject({ load: 'killed: client / capture service', bound: 200, measured: [100, 55] });
  expect(claim('direct flows')).toMatchObject({ bound: 1, measured: [0.2, 0.2] });
});

test('a goal that is missed says so', () => {
  expect(found.claims.map(verdictOf)).toEqual(['yes', 'no', '1 of 2', 'yes', 'yes', 'yes', 'yes']);
});

test('tables have each process, and the worst beside the median', () => {
  const { 'A process is killed': killed, '500 round trips a second': loads } = found.figures;
  expect(killed[0]).toMatchObject({ 'by node: silent, ms': '100, 300' });
  expect(loads.map(({ process }) => process)).toEqual(['run: client', 'run: all', 'play: all']);
});
