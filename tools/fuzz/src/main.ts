import { readCorpus } from './corpus.ts';
import { fuzz } from './fuzz.ts';
import type { Result } from './fuzz.ts';
import { HELP, parseOptions } from './options.ts';
import type { FuzzOptions } from './options.ts';

const PROGRESS_MS = 2_000;

function run(options: FuzzOptions): boolean {
  const corpus = readCorpus();
  const results: Result[] = [];
  process.stderr.write(`seed ${options.seed}, ${corpus.length} inputs of the corpus\n`);
  for (const target of options.targets) {
    const beganMs = performance.now();
    const endMs = beganMs + (options.seconds * 1_000) / options.targets.length;
    const most = target === 'codec' ? options.messages : options.datagrams;
    let dueMs = beganMs + PROGRESS_MS;
    const result = fuzz(target, options.seed, corpus, (inputs) => {
      const nowMs = performance.now();
      if (nowMs >= dueMs) {
        dueMs = nowMs + PROGRESS_MS;
        process.stderr.write(`${target}: ${inputs.toLocaleString('en')} inputs, ${Math.round(inputs / (nowMs - beganMs))} a ms\n`);
      }
      return inputs >= most || nowMs >= endMs;
    });
    results.push(result);
    const { fault, inputs, reached } = result;
    process.stderr.write(`${target}: ${inputs.toLocaleString('en')} inputs, ${Object.keys(reached).length} different outcomes\n`);
    if (fault !== undefined)
      process.stderr.write(`${target}: ${fault.why}\n  with seed ${fault.seed}, the last input was\n  ${fault.input}\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ seed: options.seed, results }, undefined, 2)}\n`);
  return results.every(({ fault }) => fault === undefined);
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else if (!run(options)) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`fuzz: ${error instanceof Error ? error.message : String(error)}; see pnpm fuzz --help\n`);
  process.exitCode = 2;
}
