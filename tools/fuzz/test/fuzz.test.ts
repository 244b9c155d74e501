import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCorpus } from '../src/corpus.ts';
import { fuzz } from '../src/fuzz.ts';
import { TARGETS, parseOptions } from '../src/options.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** What a short run must have come to, or it does not reach deep enough to find anything. */
const DEPTH = {
  decode: ['standard data', 'standard parity', 'reference handshake', 'standard fin', 'tagged too_short', 'standard reserved_not_zero'],
  capture: [
    ...['capture read to its end', 'frame of a capture', 'ERR_CLIENT_DAMAGED_CAPTURE', 'ERR_CLIENT_NOT_HEX'],
    ...['frame of the tunnel', 'frame of others', 'hexdump: bare', 'hexdump: frame'],
  ],
  relay: [
    ...[
      'sessionsOpened',
      'sessionsClosed',
      'sessionsTagged',
      'flowsOpened',
      'pathsMoved',
      'dataPackets',
      'parityPackets',
      'fins',
      'fecRecoveryRejected',
    ],
    ...[
      'egressOverShare',
      'fecProtected',
      'drop bad_token',
      'drop bad_tag',
      'drop bad_version',
      'drop duplicate',
      'drop too_old',
      'drop too_far_ahead',
    ],
    ...[
      'drop unknown_session',
      'drop not_admitted',
      'drop destination_denied',
      'drop flow_limit',
      'drop rate_packets',
      'drop egress_exhausted',
    ],
  ],
  tunnel: [
    'dataPackets',
    'parityPackets',
    'keepalivesSent',
    'tagged',
    'timesLost',
    'drop bad_tag',
    'drop bad_token',
    'drop unexpected_source',
    'drop unknown_flow',
  ],
  codec: [
    ...['register', 'register_ack', 'server_info', 'tags', 'report', 'report with 80', 'report with 81'],
    ...['unknown', 'invalid_utf8', 'version_empty', 'extension_cut_short'],
  ],
};

/** Inputs of a short run. Those of captures are many frames and texts each. */
const INPUTS = { decode: 400_000, capture: 20_000, relay: 400_000, tunnel: 400_000, codec: 400_000 };

describe.each(TARGETS)('fuzzing %s', (target) => {
  it('finds nothing in a short run, and comes to everything that there is', () => {
    const { fault, reached } = fuzz(target, 11, readCorpus(), (inputs) => inputs >= INPUTS[target]);
    expect(fault).toBeUndefined();
    expect(DEPTH[target].filter((what) => !((reached[what] ?? 0) > 0))).toEqual([]);
  });

  it('does the same with the same seed', () => {
    const run = () => fuzz(target, 5, [], (inputs) => inputs >= 3_000);
    expect(run()).toEqual(run());
  });
});

describe('the command', () => {
  const pnpmFuzz = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@lightspeed/source', MAIN, ...args], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  it('tells what it was asked for, what it did, and what was reached', () => {
    const { status, stdout, stderr } = pnpmFuzz('--target', 'codec', '--messages', '2000', '--seed', '7', '--json');
    expect([status, stderr.split('\n')[0]]).toEqual([0, 'seed 7, 5 inputs of the corpus']);
    expect(JSON.parse(stdout)).toMatchObject({ seed: 7, results: [{ target: 'codec', inputs: 2_000 }] });
  });

  it.each([
    [['--target', 'all of it'], '--target: got all of it, allowed are decode, capture, relay, tunnel, codec and all'],
    [['--seconds', '0'], '--seconds: got 0, allowed is a whole number from 1 on'],
  ])('says what is wrong with %j', (args, why) => {
    expect(pnpmFuzz(...args)).toEqual({ status: 2, stdout: '', stderr: `fuzz: ${why}; see pnpm fuzz --help\n` });
  });

  it('explains itself', () => {
    expect(pnpmFuzz('--help')).toMatchObject({ status: 0, stderr: '' });
    expect(parseOptions(['--', '--datagrams', '5'])).toMatchObject({ datagrams: 5, seconds: 60, targets: TARGETS });
  });
});
