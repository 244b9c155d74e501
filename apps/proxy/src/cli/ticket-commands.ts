import { DEFAULT_MAX_SESSIONS } from '@lightspeed/security';
import type { Command } from 'commander';
import { inspect, issue, keygen, revoke } from './ticket.ts';
import type { InspectFlags, IssueFlags, RevokeFlags } from './ticket.ts';

/** Adds `ticket` with its commands. @param stateDir that of the node on this machine. @param done gets the exit code. */
export function addTicket(program: Command, name: string, stateDir: () => string, done: (exitCode: number) => void): void {
  const ticket = program
    .command('ticket')
    .summary('say who may register')
    .description('Tickets say who may register with a node. The holder of the signing key issues them; nodes know the public key.')
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
    .description('Makes a signing key in a file of mode 0600, and prints the public key for --issuer-key of nodes.')
    .helpOption('-h, --help', 'print this')
    .requiredOption('--out <FILE>', 'file for the signing key; it must not exist yet')
    .allowExcessArguments(false)
    .addHelpText('after', `\nExample:\n  ${name} ticket keygen --out issuer.pem`)
    .action((flags: { out: string }) => keygen(flags));
  ticket
    .command('issue')
    .summary('issue a ticket')
    .description(
      'Prints a signed ticket, lst1_..., with which its holder can register. With --link it prints one line with node, pin and ticket, ' +
        'lightspeed://..., which the holder takes with "lightspeed import". Where the node runs, that command takes its pin from it.',
    )
    .helpOption('-h, --help', 'print this')
    .requiredOption('--key <FILE>', 'the signing key: PKCS #8, PEM')
    .requiredOption('--for <NAME>', 'name of its holder')
    .requiredOption('--expires <DURATION>', 'how long it is valid: 90s, 15m, 12h, 30d, 2w')
    .option('--not-before <DURATION>', 'time from now at which it becomes valid (default: now)')
    .option('--max-sessions <N>', `sessions at once on each node (default: ${DEFAULT_MAX_SESSIONS})`)
    .option('--pps <N>', "packets per second of a session (default: the node's limit)")
    .option('--bps <N>', "bytes per second of a session (default: the node's limit)")
    .option('--link', 'print the line for the player, on a terminal with a QR code of it')
    .option('--qr', 'print the QR code of that line too, wherever it goes to')
    .option(
      '--node <HOST[:PORT]>',
      'with --link: what players call the node, and its control port (default: the public address of the node here, 4433)',
    )
    .option('--pin <PIN>', "with --link: pin of the node's key (default: that of the node on this machine)")
    .option('--state-dir <DIR>', 'with --link: the state folder of the node on this machine (default: as for "status")')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      `
Examples:
  ${name} ticket issue --key issuer.pem --for alice --expires 30d
  ${name} ticket issue --key issuer.pem --for alice --expires 30d --link --node relay.example.net --pin sha256//...`,
    )
    .action((flags: IssueFlags) => issue(flags, stateDir));
  ticket
    .command('inspect')
    .summary('show what a ticket says')
    .description('Shows what a ticket says. With --issuer-key it also checks the ticket; the exit code is 1 if it is not valid.')
    .helpOption('-h, --help', 'print this')
    .argument('<TICKET>', 'lst1_...')
    .option('--issuer-key <KEY>', 'a trusted issuer, lsi1_...; may be repeated', collect)
    .option('--revocation-list <FILE>', 'file with ids of revoked tickets; needs --issuer-key')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      `
Examples, with a ticket in the file alice.txt:
  ${name} ticket inspect "$(cat alice.txt)"
  ${name} ticket inspect "$(cat alice.txt)" --issuer-key "$(cat issuer.txt)" --revocation-list revoked.txt`,
    )
    .action(async (text: string, flags: InspectFlags) => done(await inspect(text, flags)));
  ticket
    .command('revoke')
    .summary('revoke a ticket')
    .description('Adds a ticket to a revocation list. Nodes that read the list refuse the ticket, and end its sessions, within a second.')
    .helpOption('-h, --help', 'print this')
    .argument('<TICKET>', 'lst1_..., or its id')
    .requiredOption('--list <FILE>', "the nodes' revocation list; made if it does not exist")
    .option('--because <TEXT>', 'a comment for people')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      `
Examples, with a ticket in the file alice.txt, or with its id:
  ${name} ticket revoke "$(cat alice.txt)" --list revoked.txt --because "left the team"
  ${name} ticket revoke 9f86d081884c7d659a2feaa0c55ad015 --list revoked.txt`,
    )
    .action((text: string, flags: RevokeFlags) => revoke(text, flags));
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
