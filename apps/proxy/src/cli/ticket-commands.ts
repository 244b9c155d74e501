import type { Command } from 'commander';
import { inspect, issue, keygen, revoke } from './ticket.ts';
import type { InspectFlags, IssueFlags, RevokeFlags } from './ticket.ts';

/** Adds `ticket` with its commands. @param done gets the exit code. */
export function addTicket(program: Command, name: string, done: (exitCode: number) => void): void {
  const ticket = program
    .command('ticket')
    .summary('say who may register')
    .description('Tickets say who may register with a node: whoever holds the signing key issues them, nodes know the public one.')
    .helpOption('-h, --help', 'print this')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Example:
  ${name} ticket keygen --out issuer.pem            prints the public key, lsi1_...
  ${name} ticket issue --key issuer.pem --for alice --expires 30d
  ${name} serve --issuer-key lsi1_... --revocation-list revoked.txt
  ${name} ticket revoke lst1_... --list revoked.txt --because "left the team"`,
    );
  ticket
    .command('keygen')
    .summary('make a signing key')
    .description('Makes a signing key in a file of mode 0600, and prints the public key that nodes are given with --issuer-key.')
    .helpOption('-h, --help', 'print this')
    .requiredOption('--out <FILE>', 'where the signing key goes; never over a file that is there')
    .allowExcessArguments(false)
    .action((flags: { out: string }) => keygen(flags));
  ticket
    .command('issue')
    .summary('issue a ticket')
    .description('Prints a signed ticket, lst1_..., for its holder to register with.')
    .helpOption('-h, --help', 'print this')
    .requiredOption('--key <FILE>', 'the signing key: PKCS #8, PEM')
    .requiredOption('--for <NAME>', 'whom it is for')
    .requiredOption('--expires <DURATION>', 'how long it counts: 90s, 15m, 12h, 30d, 2w')
    .option('--not-before <DURATION>', 'from when on it counts (default: now)')
    .option('--max-sessions <N>', 'sessions at once, on each node (default: no limit of its own)')
    .option('--pps <N>', "packets per second of a session (default: the node's limit)")
    .option('--bps <N>', "bytes per second of a session (default: the node's limit)")
    .allowExcessArguments(false)
    .action((flags: IssueFlags) => issue(flags));
  ticket
    .command('inspect')
    .summary('show what a ticket says')
    .description('Shows what a ticket says, and with --issuer-key whether it counts: exit code 1 if it does not.')
    .helpOption('-h, --help', 'print this')
    .argument('<TICKET>', 'lst1_...')
    .option('--issuer-key <KEY>', 'an issuer that counts, lsi1_...; may be repeated', collect)
    .option('--revocation-list <FILE>', 'ids of tickets that do not count any more')
    .allowExcessArguments(false)
    .action(async (text: string, flags: InspectFlags) => done(await inspect(text, flags)));
  ticket
    .command('revoke')
    .summary('revoke a ticket')
    .description('Adds a ticket to a revocation list: nodes that read it refuse the ticket, and end its sessions, within a second.')
    .helpOption('-h, --help', 'print this')
    .argument('<TICKET>', 'lst1_..., or its id')
    .requiredOption('--list <FILE>', "the nodes' revocation list; made if it is not there")
    .option('--because <TEXT>', 'a comment for people')
    .allowExcessArguments(false)
    .action((text: string, flags: RevokeFlags) => revoke(text, flags));
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
