import { mkdir, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { QuicError, formatPin, loadKnownNodes, parsePin, replaceFile } from '@lightspeed/control/quic';
import { INVITATION_SCHEME, decodeTicket, formatTicket } from '@lightspeed/security';
import type { Invitation } from '@lightspeed/security';
import { explainFileError } from '@lightspeed/udp';
import { formatSocketAddress } from '@lightspeed/wire';
import { parseClientConfig } from '../config/client-config.ts';
import type { NodeEntry } from '../config/client-config.ts';
import { ownConfigFile } from '../config/config-folder.ts';
import { editNodes } from '../config/edit-nodes.ts';
import type { NodeChange } from '../config/edit-nodes.ts';
import { configError, readTomlFile } from '../config/toml-file.ts';
import { describeInvitation, describeTicket, faultOfTicket } from '../invite/describe-invitation.ts';
import { MAX_TEXT_LENGTH, invitationIn } from '../invite/invitation-text.ts';
import { lookAlikeOf } from '../invite/look-alikes.ts';
import { decodeText } from '../invite/pasted-text.ts';
import { nodeName, parseNode } from './endpoint.ts';
import { knownNodesFile } from './state-folder.ts';
import type { Terminal } from './terminal.ts';
import { ticketOf } from './tickets.ts';
import { UsageError } from './usage-error.ts';
import { userPath } from './user-path.ts';

/** What shells take as it is. */
const PLAIN_WORD = /^[\w./~-]+$/;

/** The options of `import`, as the command line gives them. */
export interface ImportOptions {
  readonly config?: string;
  readonly yes?: boolean;
  readonly replace?: boolean;
}

/** What the file says now, and where the node of the invitation stands in it. */
interface Known {
  readonly text: string;
  readonly entries: readonly NodeEntry[];
  readonly index: number | undefined;
}

/**
 * `lightspeed import`: shows what an operator's line says, asks, and puts it into the file of settings.
 * @param given the text, or `-` for standard input.
 * @returns the exit code: 1 if nothing was changed.
 */
export async function importInvitation(given: string, options: ImportOptions, terminal: Terminal): Promise<number> {
  const fromInput = given === '-';
  const invitation = invitationIn(fromInput ? decodeText(await readInput()) : given);
  if (invitation.type === 'refused') throw new UsageError(`import: ${invitation.text}${fromInput ? '' : fileHint(given)}`);
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const fault = faultOfTicket(invitation, nowSeconds);
  if (fault !== undefined) throw new UsageError(`import: ${fault}`);
  const file = options.config === undefined ? ownConfigFile('config.toml') : await chosenFile(options.config);
  const known = await readKnown(file, invitation);
  const entry = known.index === undefined ? undefined : known.entries[known.index];
  for (const line of describeInvitation(invitation, nowSeconds)) terminal.line(line);
  const like = lookAlikeOf(invitation.node.host, known.entries.map(hostOf));
  if (like !== undefined)
    terminal.line(terminal.bad(`Beware: its name is easily taken for ${like}, which you have already, and is another's.`));

  await refuseOtherPin(invitation, entry, options.replace === true);
  const change = changeOf(invitation, entry);
  if (Object.keys(change).length === 0) {
    terminal.line(`${file} says all of that already.`);
    return 0;
  }
  if (change.ticket !== undefined && entry?.ticket !== undefined && hasEnded(invitation, nowSeconds)) {
    throw new UsageError(
      `import: the ticket of this line has expired, and ${entry.ticket.where} has another one. Ask the operator for a new line`,
    );
  }
  const lost = change.ticket === undefined ? undefined : await ticketOf(entry).catch(() => undefined);
  const described = lost && `for ${formatSocketAddress(invitation.node)}, ${describeTicket(lost, nowSeconds)}`;
  if (isUsable(lost, nowSeconds) && invitation.pin === undefined && options.replace !== true) {
    throw new UsageError(
      `import: you have a ticket already ${described}, in ${entry?.ticket?.line ?? file}. This line has ` +
        'no pin, so it does not show that it is of the same node. To have its ticket instead, add --replace',
    );
  }
  if (described !== undefined) terminal.line(`Its ticket takes the place of the one that you have ${described}.`);
  const edited = editNodes(file, known.text, known.index, change);
  terminal.line(
    entry === undefined ? `It becomes a node of ${file}.` : `It changes ${Object.keys(change).join(' and ')} in ${entry.node.line}.`,
  );
  if (options.yes !== true && !(await isAgreed(fromInput, terminal))) return 1;
  await writePrivate(file, edited);
  terminal.line(entry === undefined ? 'Added.' : 'Changed.');
  return 0;
}

/** Whoever names a file may mean what is in it. */
function fileHint(given: string): string {
  if (given.includes(INVITATION_SCHEME)) return '';
  return `; of a file: lightspeed import - < ${PLAIN_WORD.test(given) ? given : 'FILE'}`;
}

/** Only the usual folder is made: that of a file which the user names may be mistyped. */
async function chosenFile(given: string): Promise<string> {
  const file = await userPath(given);
  const folder = dirname(file);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new UsageError(`--config ${given}: there is no folder ${folder}; allowed is a file in a folder that is there`);
  return file;
}

/** Whether a ticket holds, or will. */
function isUsable(ticket: Uint8Array | undefined, nowSeconds: number): boolean {
  const decoded = ticket && decodeTicket(ticket);
  return decoded?.type === 'ticket' && decoded.expiresAt > nowSeconds;
}

function hasEnded({ ticket }: Invitation, nowSeconds: number): boolean {
  const decoded = ticket && decodeTicket(ticket);
  return decoded?.type === 'ticket' && decoded.expiresAt <= nowSeconds;
}

async function readInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    // UTF-16 has two bytes for each character.
    if (size > 2 * MAX_TEXT_LENGTH) throw new UsageError(`import: more than ${2 * MAX_TEXT_LENGTH} bytes on standard input`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readKnown(file: string, { node }: Invitation): Promise<Known> {
  const toml = await readTomlFile(file);
  if (toml === undefined) return { text: '', entries: [], index: undefined };
  const { nodes } = parseClientConfig(toml);
  const names = nodes.map((entry) => nodeName(parseNode(entry.node.texts[0])));
  const index = names.indexOf(formatSocketAddress(node));
  return { text: toml.text, entries: nodes, index: index < 0 ? undefined : index };
}

function hostOf({ node }: NodeEntry): string {
  return parseNode(node.texts[0]).host.toLowerCase();
}

/** A node that is known has to stay the same one, unless the user says that it is another now. */
async function refuseOtherPin({ node, pin }: Invitation, entry: NodeEntry | undefined, mayReplace: boolean): Promise<void> {
  if (pin === undefined || mayReplace) return;
  const name = formatSocketAddress(node);
  const advice = 'Ask the operator, by another way, whether the key was replaced. If it was, add --replace';
  const got = formatPin(pin);
  if (entry?.pin !== undefined && !isSame(entry.pin.texts[0], pin)) {
    throw new UsageError(`import: ${name} has another pin in ${entry.pin.line}: ${entry.pin.texts[0]}, and this one is ${got}. ${advice}`);
  }
  const other = entry?.ca ?? entry?.['insecure-skip-verify'] ?? entry?.['trust-on-first-use'];
  if (other !== undefined) throw new UsageError(`import: ${other.where} says who ${name} is. To have the pin instead, add --replace`);
  const trusted = await trustedPin(name);
  if (trusted !== undefined && formatPin(trusted) !== got) {
    throw new UsageError(
      `import: ${name} has another pin in ${knownNodesFile()}: ${formatPin(trusted)}, and this one is ${got}. ${advice}`,
    );
  }
}

async function trustedPin(name: string): Promise<Uint8Array | undefined> {
  try {
    return (await loadKnownNodes(knownNodesFile())).pinOf(name);
  } catch (thrown) {
    if (thrown instanceof QuicError) throw new UsageError(`import: ${thrown.message}`);
    throw thrown;
  }
}

/** Two texts may be the same pin. */
function isSame(text: string, pin: Uint8Array): boolean {
  try {
    return formatPin(parsePin(text)) === formatPin(pin);
  } catch {
    return false;
  }
}

function changeOf({ node, pin, ticket }: Invitation, entry: NodeEntry | undefined): NodeChange {
  const name = entry === undefined ? { node: formatSocketAddress(node) } : {};
  const hasPin = pin === undefined || (entry?.pin !== undefined && isSame(entry.pin.texts[0], pin));
  const text = ticket === undefined ? undefined : formatTicket(ticket);
  const others = (['ca', 'trust-on-first-use', 'insecure-skip-verify'] as const).filter((key) => !hasPin && entry?.[key] !== undefined);
  return {
    ...name,
    ...(hasPin ? {} : { pin: formatPin(pin) }),
    ...(text === undefined || entry?.ticket?.texts[0] === text ? {} : { ticket: text }),
    ...Object.fromEntries(others.map((key) => [key, undefined])),
  };
}

async function isAgreed(fromInput: boolean, terminal: Terminal): Promise<boolean> {
  if (fromInput) {
    terminal.line('Nothing was changed: the text came by standard input, and so nobody could be asked. Add --yes to take it.');
    return false;
  }
  terminal.line('Take it only from somebody whom you know.');
  const answer = await answerTo('Take it? [y/N] ');
  if (/^\s*y(?:es)?\s*$/i.test(answer ?? '')) return true;
  terminal.line(answer === undefined ? 'Nothing was changed: nobody is there to be asked. Add --yes to take it.' : 'Nothing was changed.');
  return false;
}

/** @returns undefined at the end of the input. */
async function answerTo(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await new Promise<string | undefined>((resolve) => {
      lines.once('close', () => resolve(undefined));
      void lines.question(question).then(resolve, () => resolve(undefined));
    });
  } finally {
    lines.close();
  }
}

/** A link to a file that is kept with others stays one. */
async function writePrivate(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await replaceFile(await realpath(file).catch(() => file), text);
  } catch (cause) {
    throw configError(file, `cannot be written: ${explainFileError(cause)}`, cause);
  }
}
