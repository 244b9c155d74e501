import type { Command } from 'commander';
import type { NodeStatus, ServingStatus } from '../node/admin-commands.ts';
import { parseDuration } from './duration.ts';
import { nodeStatus } from './restart.ts';

interface Flags {
  readonly stateDir?: string;
  readonly wait?: string;
}

/** Adds `status`. @param usualStateDir that of the node on this machine. */
export function addStatus(program: Command, name: string, usualStateDir: () => string): void {
  program
    .command('status')
    .summary('show how a running node is, and what players need')
    .description(
      'Shows how a node on this machine is, its addresses and its pin, and who may register. As long as nobody may, it says what to do.',
    )
    .helpOption('-h, --help', 'print this')
    .option('--state-dir <DIR>', "the node's state folder (default: $STATE_DIRECTORY, or that of the node on this machine)")
    .option(
      '--wait <DURATION>',
      'how long the node may take to serve, such as 30s, unless the process $MAINPID ends (default: it is asked at once)',
    )
    .allowExcessArguments(false)
    .addHelpText('after', `\nExamples:\n  ${name} status\n  ${name} status --state-dir /var/lib/lightspeed --wait 30s`)
    .action(async ({ stateDir, wait }: Flags) => {
      const waitSecs = wait === undefined ? 0 : parseDuration('--wait', wait);
      const status = await nodeStatus(stateDir ?? usualStateDir(), waitSecs, startedPid(process.env.MAINPID));
      process.stdout.write(`${statusText(status)}\n`);
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
