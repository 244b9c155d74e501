import { CaptureTarget } from './capture-target.ts';
import { CodecTarget } from './codec-target.ts';
import { DecodeTarget } from './decode-target.ts';
import { Random } from '@lightspeed/netem';
import { RelayTarget } from './relay-target.ts';
import type { RelayMode } from './relay-target.ts';
import { addTo } from './target.ts';
import type { Reached, Target } from './target.ts';
import type { TargetName } from './options.ts';
import { TunnelTarget } from './tunnel-target.ts';

/** So many inputs make one life of a target; then it is checked, and another one begins. */
const LIFE = 50_000;

const MODES: readonly RelayMode[] = [
  { admission: 'registered', dialect: 'standard', tags: 'auto' },
  { admission: 'registered', dialect: 'standard', tags: 'always' },
  { admission: 'registered', dialect: 'standard', tags: 'off', maxPpsPerClient: 50 },
  { admission: 'open', dialect: 'standard', tags: 'off' },
  { admission: 'open', dialect: 'reference', tags: 'off' },
  { admission: 'registered', dialect: 'reference', tags: 'off' },
];

const MAKE: Readonly<Record<TargetName, (random: Random, life: number) => Target>> = {
  decode: (random) => new DecodeTarget(random),
  capture: (random) => new CaptureTarget(random),
  codec: (random) => new CodecTarget(random),
  relay: (random, life) => new RelayTarget(random, MODES[life % MODES.length]),
  tunnel: (random, life) => new TunnelTarget(random, life % 3 === 2 ? 'reference' : 'standard', life % 3 === 0),
};

/** What a run has come to. */
export interface Result {
  readonly target: TargetName;
  readonly inputs: number;
  readonly reached: Reached;
  /** What broke, with the seed of that life and the input; undefined if nothing did. */
  readonly fault: { readonly why: string; readonly seed: number; readonly input: string } | undefined;
}

/**
 * Fuzzes one target until somebody says that it is enough.
 * @param isEnough asked every 1,000 inputs
 */
export function fuzz(name: TargetName, seed: number, corpus: readonly Uint8Array[], isEnough: (inputs: number) => boolean): Result {
  const reached: Record<string, number> = {};
  let inputs = 0;
  for (let life = 0; inputs === 0 || !isEnough(inputs); life++) {
    const own = (seed + life) >>> 0;
    const target = MAKE[name](new Random(own), life);
    try {
      for (const bytes of corpus) target.replay(bytes);
      for (let n = 0; n < LIFE && (n % 1_000 !== 0 || n === 0 || !isEnough(inputs)); n++, inputs++) target.step();
      target.check?.();
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { target: name, inputs, reached, fault: { why, seed: own, input: Buffer.from(target.input).toString('hex') } };
    }
    for (const [what, count] of Object.entries(target.reached)) addTo(reached, what, count);
  }
  return { target: name, inputs, reached, fault: undefined };
}
