import { PROTECT_FORMS, parseProtect } from '@lightspeed/session';
import { LabError, readOptions } from '../errors.ts';
import type { CarriedGameOptions } from '../game/carried-game.ts';

/** What `pnpm start` runs, and for how long. */
export interface DemoOptions extends CarriedGameOptions {
  /** Undefined: until it is interrupted. */
  readonly seconds: number | undefined;
  readonly json: boolean;
}

/** What `pnpm start --help` prints. */
export const DEMO_USAGE = `pnpm start [options]

Runs a relay node, a client, a game server and bots on this machine's loopback. The game goes through the tunnel, with
protection from loss, over an emulated link that loses packets. Prints once a second what became of it. Ctrl-C ends
it with a summary. The exit code is 0 only if the game was really carried.

  --seconds N      end by itself after N seconds of play
  --bots N         players, 1 to 64 (8)
  --loss PERCENT   of packets, each way (3)
  --delay-ms MS    each way (20)
  --jitter-ms MS   added to the delay, 0 to MS (5)
  --protect HOW    against loss, both ways: auto, off, groups:K, repeat:AGES, xor:N or request (auto)
  --budget PERCENT most bytes for that, each way, of the game's own, 0 to 255 (as client and node have it: 120)
  --seed N         decides which packets are lost (1)
  --io KIND        auto, batch (Linux) or portable (auto)
  --json           print nothing but the result, as JSON
  --help

For example:  pnpm start --seconds 20 --loss 8 --protect repeat:5,20 --budget 200
`;

const OPTIONS = {
  seconds: { type: 'string' },
  bots: { type: 'string', default: '8' },
  loss: { type: 'string', default: '3' },
  'delay-ms': { type: 'string', default: '20' },
  'jitter-ms': { type: 'string', default: '5' },
  protect: { type: 'string', default: 'auto' },
  budget: { type: 'string' },
  seed: { type: 'string', default: '1' },
  io: { type: 'string', default: 'auto' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @returns undefined if help was asked for. @throws {LabError} `ERR_LAB_USAGE` */
export function parseDemoOptions(args: readonly string[]): DemoOptions | undefined {
  const values = readOptions(args, OPTIONS);
  if (values.help === true) return undefined;
  const lossPercent = number('--loss', values.loss, 0, 100);
  return {
    seconds: values.seconds === undefined ? undefined : number('--seconds', values.seconds, 1, 86_400),
    json: values.json,
    bots: wholeNumber('--bots', values.bots, 1, 64),
    protect: protect(values.protect),
    budget: values.budget === undefined ? undefined : wholeNumber('--budget', values.budget.replace(/%$/, ''), 0, 255, ' percent'),
    seed: wholeNumber('--seed', values.seed, 0, 0xffff_ffff),
    io: io(values.io),
    link: {
      loss: lossPercent / 100,
      delayMs: number('--delay-ms', values['delay-ms'], 0, 5_000),
      jitterMs: number('--jitter-ms', values['jitter-ms'], 0, 5_000),
      // Like a queue's. Without it, parity that overtakes its group's last packet would count as a recovery.
      keepOrder: true,
    },
  };
}

function number(flag: string, text: string, lowest: number, highest: number, pattern = /\S/, kind = 'a number', or = ''): number {
  const value = pattern.test(text) ? Number(text) : NaN;
  if (value >= lowest && value <= highest) return value;
  throw new LabError('ERR_LAB_USAGE', `${flag}: got '${text}', allowed is ${kind} from ${lowest} to ${highest}${or}`);
}

function wholeNumber(flag: string, text: string, lowest: number, highest: number, or?: string): number {
  return number(flag, text, lowest, highest, /^\d+$/, 'a whole number', or);
}

function protect(text: string): DemoOptions['protect'] {
  const parsed = parseProtect(text);
  if (parsed !== undefined) return parsed;
  throw new LabError('ERR_LAB_USAGE', `--protect: got '${text}', allowed is ${PROTECT_FORMS}`);
}

function io(text: string): DemoOptions['io'] {
  if (text === 'auto' || text === 'batch' || text === 'portable') return text;
  throw new LabError('ERR_LAB_USAGE', `--io: got '${text}', allowed is auto, batch or portable`);
}
