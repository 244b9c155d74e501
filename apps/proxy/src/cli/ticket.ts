import { randomBytes } from 'node:crypto';
import { appendFile, chmod, open, readFile } from 'node:fs/promises';
import {
  DEFAULT_MAX_SESSIONS,
  TICKET_ID_BYTES,
  formatIssuerKey,
  formatRevocation,
  formatTicket,
  issueTicket,
  parseIssuerKey,
  parseRevocationList,
  TicketVerifier,
} from '@lightspeed/security';
import type { Ticket } from '@lightspeed/security';
import { SigningKey, sha256, verifyEd25519 } from '@lightspeed/security/node';
import { explainFileError } from '@lightspeed/udp';
import { ConfigError } from '../config/config-error.ts';
import { textIfThere } from '../base/text-file.ts';
import { NodeError, messageOf } from '../base/node-error.ts';
import { parseDuration } from './duration.ts';
import { readTicket } from './ticket-argument.ts';
import { linkOf, linkedNode, qrColumns, qrLines, wantsLink } from './ticket-link.ts';
import type { LinkFlags } from './ticket-link.ts';

/** Makes a signing key in a file that nobody else may read, and prints what nodes are to trust. */
export async function keygen({ out }: { readonly out: string }): Promise<void> {
  const key = SigningKey.generate();
  try {
    // Never over a key that tickets were issued with.
    await using file = await open(out, 'wx', 0o600);
    await file.writeFile(key.toPem());
    await file.sync();
  } catch (cause) {
    throw fileError(out, cause, 'folder');
  }
  print(formatIssuerKey(key.publicKey));
}

/** The options of `ticket issue`, as the command line gives them. */
export interface IssueFlags extends LinkFlags {
  readonly key: string;
  readonly for: string;
  readonly expires: string;
  readonly notBefore?: string;
  readonly maxSessions?: string;
  readonly pps?: string;
  readonly bps?: string;
}

/** Prints a signed ticket, or the line for a player that has it. @param stateDir that of the node on this machine. */
export async function issue(flags: IssueFlags, stateDir: () => string): Promise<void> {
  const asLink = wantsLink(flags);
  const key = await usage(`--key ${flags.key}`, async () => SigningKey.fromPem(await keyText(flags.key)));
  const now = nowSeconds();
  const seconds = parseDuration('--expires', flags.expires);
  const wait = flags.notBefore === undefined ? undefined : parseDuration('--not-before', flags.notBefore);
  if (wait !== undefined && wait >= seconds) {
    throw new ConfigError(`--not-before ${flags.notBefore} is no earlier than --expires ${flags.expires}: the ticket would never be valid`);
  }
  const bytes = await usage('ticket issue', () =>
    issueTicket(
      {
        id: randomBytes(TICKET_ID_BYTES).toString('hex'),
        name: flags.for,
        issuedAt: now,
        notBefore: wait === undefined ? 0 : now + wait,
        expiresAt: now + seconds,
        maxSessions: count('--max-sessions', flags.maxSessions ?? String(DEFAULT_MAX_SESSIONS)),
        ratePps: count('--pps', flags.pps),
        rateBps: count('--bps', flags.bps),
      },
      key,
      sha256,
    ),
  );
  if (!asLink) {
    print(formatTicket(bytes));
    return;
  }
  const node = await linkedNode(flags, stateDir, formatIssuerKey(key.publicKey));
  const link = await usage('--node', () => linkOf(node, bytes, key.publicKey));
  if (node.remark !== undefined) warn(node.remark);
  print(link);
  if (flags.qr === true || process.stdout.isTTY) printCode(link);
}

function printCode(link: string): void {
  const [columns, there] = [qrColumns(link), process.stdout.isTTY ? process.stdout.columns : 0];
  if (there > 0 && there < columns) {
    warn(`the QR code needs ${columns} columns, and this terminal has ${there}: make it wider`);
    return;
  }
  const { NO_COLOR = '' } = process.env;
  for (const line of qrLines(link, process.stdout.isTTY && NO_COLOR === '')) print(line);
}

/** The options of `ticket inspect`, as the command line gives them. */
export interface InspectFlags {
  readonly issuerKey?: readonly string[];
  readonly revocationList?: string;
}

/** Prints what a ticket says, and with the issuers' keys whether it counts. @returns the exit code: 1 if it does not. */
export async function inspect(given: string, { issuerKey, revocationList }: InspectFlags): Promise<number> {
  if (revocationList !== undefined && issuerKey === undefined) {
    throw new ConfigError('--revocation-list needs --issuer-key lsi1_...: only a ticket whose signature is checked is looked for there');
  }
  const { bytes, ticket } = readTicket('ticket inspect', given);
  print(describe(ticket));
  if (issuerKey === undefined) {
    print('signature   not checked: give the issuer with --issuer-key');
    return 0;
  }
  const issuers = await usage('--issuer-key', () => issuerKey.map(parseIssuerKey));
  const revocations = revocationList === undefined ? new Set<string>() : await revocationsIn(revocationList);
  const verdict = new TicketVerifier({ issuers, revocations, verifyEd25519, sha256 }).verify(bytes, nowSeconds());
  print(`verdict     ${verdict.type === 'refused' ? `refused: ${verdict.text}` : 'lets in'}`);
  return verdict.type === 'refused' ? 1 : 0;
}

/** Of a revocation list. */
const LIST_MODE = 0o644;

/** The options of `ticket revoke`, as the command line gives them. */
export interface RevokeFlags {
  readonly list: string;
  readonly because?: string;
}

/** Adds a ticket, or a ticket's id, to a revocation list. */
export async function revoke(given: string, { list, because }: RevokeFlags): Promise<void> {
  const id = idOf(given);
  const line = await usage('ticket revoke', () => formatRevocation(id, because));
  if ((await revocationsIn(list)).has(id)) {
    print(`${id} is revoked already`);
    return;
  }
  try {
    // In one write, so that a node never reads half a line; an editor may have left the last one without an end.
    const before = await textIfThere(list);
    const isWhole = before === undefined || before === '' || before.endsWith('\n');
    await appendFile(list, isWhole ? line : `\n${line}`);
    // It has no secrets, and a node that runs as another user has to read it.
    if (before === undefined) await chmod(list, LIST_MODE);
  } catch (cause) {
    throw fileError(list, cause, 'folder');
  }
  print(`${id} is revoked`);
}

function idOf(given: string): string {
  if (/^[0-9a-f]{32}$/i.test(given.trim())) return given.trim().toLowerCase();
  return readTicket('ticket revoke', given, 'a ticket’s id, 32 hexadecimal digits').ticket.id;
}

function describe(ticket: Ticket): string {
  const limit = (value: number, unit: string) => (value === 0 ? "the node's" : `${value}${unit}`);
  return [
    `id          ${ticket.id}`,
    `for         ${ticket.name}`,
    `issued      ${time(ticket.issuedAt)} by the key ${ticket.issuerId}`,
    `valid       ${ticket.notBefore === 0 ? '' : `from ${time(ticket.notBefore)} `}until ${time(ticket.expiresAt)}`,
    `sessions    ${ticket.maxSessions || DEFAULT_MAX_SESSIONS} at once on each node`,
    `limits      ${limit(ticket.ratePps, ' packets/s')}, ${limit(ticket.rateBps, ' bytes/s')}`,
  ].join('\n');
}

function time(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? `${seconds} s after 1970` : date.toISOString().replace('.000Z', 'Z');
}

async function revocationsIn(file: string): Promise<ReadonlySet<string>> {
  const list = await textIfThere(file).catch((cause: unknown) => {
    throw fileError(file, cause);
  });
  return usage(file, () => parseRevocationList(list ?? ''));
}

async function keyText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const make = isMissing(cause) ? `; make one with lightspeed-proxy ticket keygen --out ${file}` : '';
    throw new NodeError('ERR_PROXY_FILE', `--key ${file}: ${explainFileError(cause)}${make}`, { cause });
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

function count(flag: string, given: string | undefined): number {
  if (given === undefined) return 0;
  if (/^[1-9]\d{0,9}$/.test(given) && Number(given) <= 0xffff_ffff) return Number(given);
  throw new ConfigError(`${flag}: got ${JSON.stringify(given)}, allowed is a whole number from 1 to 4294967295`);
}

/** What the libraries refuse is wrong usage; files that cannot be had are failures. */
async function usage<T>(where: string, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (cause) {
    if (cause instanceof NodeError || cause instanceof ConfigError) throw cause;
    throw new ConfigError(`${where}: ${messageOf(cause)}`, { cause });
  }
}

function fileError(file: string, cause: unknown, missing: 'file' | 'folder' = 'file'): NodeError {
  return new NodeError('ERR_PROXY_FILE', `${file}: ${explainFileError(cause, missing)}`, { cause });
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

function warn(text: string): void {
  process.stderr.write(`lightspeed-proxy: ${text}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
