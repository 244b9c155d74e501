import type { Command } from 'commander';
import type { NodeStatus, ServingStatus } from '../node/admin-commands.ts';
import { parseDuration } from './duration.ts';
import { nodeStatus } from './restart.ts';

interface Flags {
  readonly stateDir?: string;
  readonly wait?: string;
  readonly json?: boolean;
}

/** Adds `status`. @param usualStateDir that of the node on this machine. @param done takes the exit code. */
export function addStatus(program: Command, name: string, usualStateDir: () => string, done: (exitCode: number) => void): void {
  program
    .command('status')
    .summary('show how a running node is, and what players need')
    .description(
      'Shows how a node on this machine is, its addresses and its pin, and who may register. As long as nobody may, it says what to do. ' +
        'The exit code is 0 if it serves, and 1 otherwise, as checks of health need it.',
    )
    .helpOption('-h, --help', 'print this')
    .option('--state-dir <DIR>', "the node's state folder (default: $STATE_DIRECTORY, or that of the node on this machine)")
    .option(
      '--wait <DURATION>',
      'how long the node may take to serve, such as 30s, unless the process $MAINPID ends (default: it is asked at once)',
    )
    .option('--json', 'print one JSON object')
    .allowExcessArguments(false)
    .addHelpText('after', `\nExamples:\n  ${name} status\n  ${name} status --state-dir /var/lib/lightspeed --wait 30s`)
    .action(async ({ stateDir, wait, json }: Flags) => {
      const waitSecs = wait === undefined ? 0 : parseDuration('--wait', wait);
      const status = await nodeStatus(stateDir ?? usualStateDir(), waitSecs, startedPid(process.env.MAINPID));
      process.stdout.write(`${json === true ? JSON.stringify(status) : statusText(status)}\n`);
      done(status.state === 'serving' ? 0 : 1);
    });
}

/** systemd names the process that it has started to what it runs after that. */
function startedPid(text = ''): number | undefined {
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}

function statusText({ version, state, sessions, serving }: NodeStatus): string {
  const first = `the node is ${state}: version ${version}, ${sessions} sessions`;
  if (serving === undefined) return first;
  return [
    first,
    `control plane  ${serving.control}, UDP`,
    `data plane     ${serving.data}, UDP`,
    `pin            ${serving.pin}`,
    `who may play   ${whoMay(serving)}`,
  ].join('\n');
}

function whoMay({ registration, issuers }: ServingStatus): string {
  if (registration === 'anyone') return 'anybody';
  if (registration === 'tickets') return `who has a ticket of ${issuers.join(' or ')}`;
  return 'nobody yet: put the key that lightspeed-proxy ticket keygen prints into issuer_keys of the configuration, and restart the node';
}
