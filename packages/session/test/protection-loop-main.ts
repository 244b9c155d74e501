import { CONGESTED_LINES, measureLine } from './support/loss/congested-lines.ts';
import { COMPARED_LINES, EPISODES, compareWithFixed, meanOf, reactionsMs, seedsFrom } from './support/loss/loop-figures.ts';
import { DOWN, UP, losing } from './support/loss/settings.ts';

/*
 * The loop on all emulated lines: 96 congested ones with ten seeds of 600 s each, and those that only lose. It takes a few minutes.
 * The number of the first seed may be given.
 */

const SEEDS = 10;
const SECONDS = 600;
const BUDGETS = [120, 250];

const first = Number(process.argv[2] ?? 1);
const seeds = seedsFrom(first, SEEDS);
let faults = 0;

const show = (name: string, text: string, found: readonly string[]) => {
  faults += found.length;
  console.log(`${name.padEnd(46)} ${text}${found.length > 0 ? `  FAULT: ${found.join(', ')}` : ''}`);
};
const inPoints = (value: number) => value.toFixed(2).padStart(6);

for (const [name, loss, most] of [
  ['clean', 0, 1],
  ['random 0.1 %', 0.001, 5],
] as const) {
  const { added } = meanOf(seeds, SECONDS, losing(loss));
  show(name, `+${inPoints(added)} % bytes`, added > most ? ['too many bytes'] : []);
}
const episodes = meanOf(seeds, SECONDS, EPISODES);
show(
  '5 % for ten seconds a minute',
  `missing ${inPoints(episodes.missing)} % +${inPoints(episodes.added)} %`,
  episodes.missing > 0.2 ? ['missing'] : [],
);
const reactions = reactionsMs(seedsFrom(first, 200), 0.05);
const meanMs = reactions.reduce((sum, each) => sum + each, 0) / reactions.length;
show(
  'from clean to 5 %',
  `protected after ${meanMs.toFixed(0)} ms in the mean, ${reactions[180].toFixed(0)} ms in 90 %`,
  meanMs > 1000 ? ['slow'] : [],
);

for (const flow of [UP, DOWN]) {
  for (const { name, line, points, sigmas } of COMPARED_LINES) {
    for (const budget of BUDGETS) {
      const { auto, best, sigma } = compareWithFixed(seeds, SECONDS, line, budget, flow);
      const text = `missing ${inPoints(auto.missing)} % +${inPoints(auto.added)} %, best fixed ${inPoints(best.missing)} % +${inPoints(best.added)} %`;
      const where = `${flow === UP ? 'up' : 'down'}, ${name}, budget ${budget.toString()} %`;
      show(where, text, auto.missing > best.missing + points + sigmas * sigma ? ['worse than fixed'] : []);
    }
  }
}

for (const line of CONGESTED_LINES) {
  const { name, off, auto, fixed, worst, faults: found } = measureLine(line, seeds, SECONDS);
  const parts = [
    ['off', off],
    ['auto', auto],
    ['fixed', fixed],
  ] as const;
  const text = parts.map(([setting, { missing, lost }]) => `${setting} missing ${inPoints(missing)} lost ${inPoints(lost)}`).join(', ');
  show(name, `${text}, auto +${inPoints(auto.added)} %, worst seed ${inPoints(worst)}`, found);
}
console.log(faults === 0 ? 'All bounds hold.' : `${faults.toString()} bounds do not hold.`);
process.exitCode = faults === 0 ? 0 : 1;
