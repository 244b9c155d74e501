import { parseArgs } from 'node:util';
import { count, milliseconds, percent } from '../../src/figures.ts';
import { faultOfTeeworlds, measuredLoss, playTeeworlds } from './run.ts';
import type { TeeworldsResult } from './run.ts';
import { findTeeworlds } from './server.ts';
import { TRIALS } from './stage.ts';

const USAGE = `pnpm --filter @lightspeed/lab teeworlds [--seconds N] [--loss PERCENT] [--fec K] [--seed N] [--ipv6 | --trials]

Plays Teeworlds (Debian: teeworlds, teeworlds-server, xvfb, xauth, libgl1-mesa-dri) through a client and a relay node, over
a link that loses packets. Exit code 0 only if the player entered the game from the node's address and was still there at
the end.

  --seconds N      how long the player stays, after each trial if there are some (20)
  --loss PERCENT   each way (5)
  --fec K          data packets per parity packet, 0 for none (4)
  --seed N         decides which packets are lost (1)
  --ipv6           the tunnel goes by IPv6, to an open node
  --trials         has the client move, its NAT forget it, one of its two paths go, and the node be killed and started again
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '20' },
      loss: { type: 'string', default: '5' },
      fec: { type: 'string', default: '4' },
      seed: { type: 'string', default: '1' },
      ipv6: { type: 'boolean', default: false },
      trials: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const programs = findTeeworlds();
  if (typeof programs === 'string') {
    process.stderr.write(`Teeworlds cannot run here: ${programs}\n`);
    return 1;
  }
  if (values.ipv6 && values.trials) {
    process.stderr.write('--ipv6 and --trials do not go together: an open node lets no client move\n');
    return 2;
  }
  const result = await playTeeworlds({
    programs,
    loss: Number(values.loss) / 100,
    fecGroupSize: Number(values.fec),
    seed: Number(values.seed),
    staySeconds: Math.max(2, Number(values.seconds)),
    ipv6: values.ipv6,
    trials: values.trials ? TRIALS : [],
    log: (line) => process.stdout.write(`${line}\n`),
  });
  const fault = faultOfTeeworlds(result);
  process.stdout.write(`${summary(result)}\n${fault === undefined ? 'The game was carried.' : `The game was not carried: ${fault}`}\n`);
  return fault === undefined ? 0 : 1;
}

function summary(result: TeeworldsResult): string {
  const { toTarget, toSource } = result.link;
  return [
    `packets on the link: ${count(toTarget.sent)} to the node, ${count(toSource.sent)} to the client; lost ${percent(measuredLoss(result))}`,
    `recovered by parity: ${count(result.recoveredToServer)} to the server, ${count(result.recoveredToPlayer)} to the player`,
    `round trip of the tunnel: ${milliseconds(result.tunnelRttMs ?? -1)}`,
  ].join('\n');
}
