import type { Command } from 'commander';
import type { NodeStatus, Reloaded } from '../node/admin-commands.ts';
import { askNode } from '../state/admin-socket.ts';
import { drainToTheEnd, reloadOrRestart, restart } from './restart.ts';

interface Flags {
  readonly stateDir?: string;
  readonly wait?: boolean;
}

/** Adds `drain`, `restart` and `reload`. @param usualStateDir that of the node on this machine. */
export function addRunningNodeCommands(program: Command, name: string, usualStateDir: () => string): void {
  const add = (command: string, summary: string, description: string, run: (stateDir: string, flags: Flags) => Promise<string>) =>
    program
      .command(command)
      .summary(summary)
      .description(description)
      .helpOption('-h, --help', 'print this')
      .option('--state-dir <DIR>', "the node's state folder (default: $STATE_DIRECTORY, or that of the node on this machine)")
      .allowExcessArguments(false)
      .addHelpText('after', `\nExamples:\n  ${name} ${command}\n  ${name} ${command} --state-dir /var/lib/lightspeed`)
      .action(async (flags: Flags) => {
        process.stdout.write(`${await run(flags.stateDir ?? usualStateDir(), flags)}\n`);
      });
  add(
    'drain',
    'end a running node gracefully',
    'Makes a node on this machine take no new clients and inform its clients. It ends when they have left or its ' +
      'drain_secs are over. SIGTERM does the same.',
    async (stateDir, { wait }) => {
      if (wait === true) {
        await drainToTheEnd(stateDir);
        return 'the node has ended';
      }
      await askNode(stateDir, 'drain');
      return 'the node drains';
    },
  ).option('--wait', 'return when the node has ended');
  add(
    'restart',
    'restart a running node without ending its sessions',
    'Makes a node on this machine start again with the program and the configuration that are on disk now. Registered ' +
      'clients keep their sessions, and game servers see the same ports. The process keeps its id. Nothing happens if ' +
      'the program or the configuration cannot be used.',
    async (stateDir) => restarted(await restart(stateDir)),
  );
  add(
    'reload',
    'have a running node take what is on disk now',
    'Makes a node on this machine read its configuration again, as SIGHUP does. If its program was replaced, as by an update, ' +
      'it restarts in place instead. Nothing happens if the program or the configuration cannot be used.',
    async (stateDir) => {
      const what = await reloadOrRestart(stateDir);
      return 'run' in what ? restarted(what) : reloaded(what);
    },
  );
}

function restarted({ version, sessions }: NodeStatus): string {
  return `the node has restarted: version ${version}, ${sessions} sessions`;
}

function reloaded({ changed, later }: Reloaded): string {
  const now = changed.length === 0 ? 'nothing has changed' : `changed: ${changed.join(', ')}`;
  const then = later.length === 0 ? '' : `; after a restart only: ${later.join(', ')}`;
  return `the node has read its configuration again: ${now}${then}`;
}
