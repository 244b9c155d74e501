import type { Command } from 'commander';
import type { AccountBan } from '../control/account-bans.ts';
import { askNode } from '../state/admin-socket.ts';

/** Adds `bans` with its commands. @param stateDir that of the node on this machine. */
export function addBans(program: Command, name: string, stateDir: () => string): void {
  const bans = program
    .command('bans')
    .summary('see who is banned, and let them in again')
    .description(
      'Accounts that opened too many new destinations are banned for a while (ban_duration_secs). An account is a ticket, or the ' +
        'address that registered where no tickets are asked for.',
    )
    .helpOption('-h, --help', 'print this')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Example:
  ${name} bans list
  ${name} bans remove 203.0.113.7
  ${name} bans remove 9f86d081884c7d659a2feaa0c55ad015`,
    );
  bans
    .command('list')
    .summary('list the bans of a running node')
    .description('Lists who is banned, and for how long yet.')
    .helpOption('-h, --help', 'print this')
    .option('--state-dir <DIR>', "the node's state folder (default: that of the node on this machine)")
    .option('--json', 'print the list as JSON')
    .allowExcessArguments(false)
    .addHelpText('after', `\nExamples:\n  ${name} bans list\n  ${name} bans list --state-dir /var/lib/lightspeed --json`)
    .action(async (flags: { stateDir?: string; json?: boolean }) => {
      const answer = await askNode(flags.stateDir ?? stateDir(), 'bans-list');
      process.stdout.write(flags.json === true ? `${answer}\n` : textOf(JSON.parse(answer) as AccountBan[], Date.now()));
    });
  bans
    .command('remove')
    .summary('end a ban')
    .description('Ends the ban of a ticket or an address, as `bans list` shows it.')
    .helpOption('-h, --help', 'print this')
    .argument('<ACCOUNT>', 'id of the ticket, or the address')
    .option('--state-dir <DIR>', "the node's state folder (default: that of the node on this machine)")
    .allowExcessArguments(false)
    .addHelpText('after', `\nExamples:\n  ${name} bans remove 203.0.113.7\n  ${name} bans remove 9f86d081884c7d659a2feaa0c55ad015`)
    .action(async (account: string, flags: { stateDir?: string }) => {
      // The question is one line of words.
      await askNode(flags.stateDir ?? stateDir(), `bans-remove ${account.replaceAll(/\s/g, '')}`);
      process.stdout.write(`${account} may register again\n`);
    });
}

function textOf(bans: readonly AccountBan[], nowMs: number): string {
  if (bans.length === 0) return 'nobody is banned\n';
  const rows = bans.map(
    ({ account, name, endsAtMs }) => `${account}  ${Math.ceil((endsAtMs - nowMs) / 1_000)} s${name === '' ? '' : `  ${name}`}\n`,
  );
  return rows.join('');
}
