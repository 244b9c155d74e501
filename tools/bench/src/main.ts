import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runGate } from './gate/command.ts';
import { measureMicro } from './micro/measure-micro.ts';
import { FULL_SCALE, QUICK_SCALE, measureScale } from './scale/measure-scale.ts';
import { renderScale } from './scale/render-scale.ts';

const HELP = `Measures LightSpeed's packet path on this machine.

  pnpm bench                 all figures, four minutes
  pnpm bench --quick         the same with shorter runs and fewer sessions, less than a minute
  pnpm bench --gate          holds what does not depend on the machine to its bounds, about a minute
  pnpm bench --verbose       also says which functions have allocated most
  pnpm bench --json          for programs

Allocation does not depend on the machine; nanoseconds do: compare them within one run only.`;

/** A relay that allocates per packet allocates tens of bytes; what a million packets cost here are timers. */
const MOST_BYTES_PER_PACKET = 1;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      verbose: { type: 'boolean' },
      gate: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  if (values.gate === true) return runGate();
  const quick = values.quick === true;
  const say = (text: string): void => {
    if (values.json !== true) console.log(text);
  };
  const progress = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  };
  say(`Node ${process.version}, ${process.platform} ${process.arch}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores\n`);
  const { allocation, timings } = await measureMicro({ quick }, (what) => progress(`measuring ${what} ...`));
  progress('');
  say('Allocated on the heap, bytes per million packets');
  for (const { name, bytesPerMillionPackets, top } of allocation) {
    say(`  ${name.padEnd(64)}${bytesPerMillionPackets.toLocaleString('en').padStart(12)}`);
    if (values.verbose === true) for (const line of top) say(`      ${line}`);
  }
  say(`\n${'Nanoseconds per operation'.padEnd(66)}${'median'.padStart(12)}${'p99'.padStart(12)}`);
  for (const { name, medianNs, p99Ns } of timings) say(`  ${name.padEnd(64)}${medianNs.toFixed(1).padStart(12)}${p99Ns.toFixed(1).padStart(12)}`);
  const scale = await measureScale(quick ? QUICK_SCALE : FULL_SCALE, (what) => progress(`measuring ${what} ...`));
  progress('');
  say(`\n${renderScale(scale)}`);
  if (values.json === true) console.log(JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, allocation, timings, scale }, null, 2));
  const worst = allocation.find(({ bytesPerMillionPackets }) => bytesPerMillionPackets > MOST_BYTES_PER_PACKET * 1_000_000);
  if (worst === undefined) return 0;
  console.error(`bench: "${worst.name}" allocates ${worst.bytesPerMillionPackets / 1e6} bytes per packet, at most ${MOST_BYTES_PER_PACKET} is allowed`);
  return 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
