import { formatProtect } from '@lightspeed/session';
import { setTimeout } from 'node:timers/promises';
import { DEMO_USAGE, parseDemoOptions } from './demo/options.ts';
import type { DemoOptions } from './demo/options.ts';
import { createDisplay } from './demo/show.ts';
import { LabError, reasonOf } from './errors.ts';
import { startCarriedGame } from './game/carried-game.ts';
import { faultOf } from './game/verdict.ts';

const EXIT_CARRIED = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseDemoOptions(args);
    if (options !== undefined) return await play(options);
    process.stdout.write(DEMO_USAGE);
    return EXIT_CARRIED;
  } catch (error) {
    const message = reasonOf(error);
    const usage = error instanceof LabError && error.code === 'ERR_LAB_USAGE';
    process.stderr.write(usage ? `${message}\nSee pnpm start --help\n` : `The game was not carried: ${message}\n`);
    return usage ? EXIT_USAGE : EXIT_FAILED;
  }
}

async function play(options: DemoOptions): Promise<number> {
  const interrupted = new AbortController();
  // Once: a second Ctrl-C ends the process at once.
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  if (!options.json) process.stdout.write(introduction(options));
  await using game = await startCarriedGame(options);
  const display = createDisplay(process.stdout);
  const endMs = performance.now() + (options.seconds ?? Infinity) * 1_000;
  while (!interrupted.signal.aborted) {
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) break;
    await setTimeout(Math.min(1_000, leftMs), undefined, interrupted).catch(() => undefined);
    if (!options.json) display.show(game.report());
  }
  const report = await game.finish();
  const fault = faultOf(report, options.protect.kind !== 'off');
  const verdict = fault === undefined ? 'The game was carried.' : `The game was not carried: ${fault}`;
  if (options.json) process.stdout.write(`${JSON.stringify({ carried: fault === undefined, fault, ...report })}\n`);
  else display.finish(report, verdict);
  return fault === undefined ? EXIT_CARRIED : EXIT_FAILED;
}

function introduction({ bots, protect, link, seconds }: DemoOptions): string {
  const delay = `${link.delayMs} to ${Number(link.delayMs) + Number(link.jitterMs)} ms`;
  return `LightSpeed: ${bots} bots -> client -> a link that loses ${Number(link.loss) * 100} % each way and takes ${delay} -> relay node -> game server
protection ${formatProtect(protect)}; ${seconds === undefined ? 'Ctrl-C ends it' : `ends after ${seconds} s`}

`;
}
