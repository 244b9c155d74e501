import type { ProofNoncesState } from '@lightspeed/security';
import type { SessionSnapshot } from '@lightspeed/session';
import type { Dialect } from '@lightspeed/wire';
import { isIpv6, parseAddressWords } from '@lightspeed/wire';
import { z } from 'zod';
import { parseStateFile } from './parse-state-file.ts';

/** A registration, and its session if it has one, as they outlive the node. Addresses are texts. */
export interface ClientSnapshot {
  readonly sessionId: number;
  /** Where it registered from: an IPv4 address, or the first one of an IPv6 /64. */
  readonly address: string;
  readonly token: number;
  readonly dialect: Dialect;
  /** Bits of the capabilities that it and the node had. */
  readonly capabilities: number;
  /** What it and the node had agreed on for protection, see `packTerms`; 0 for nothing. */
  readonly protection: number;
  readonly secret: Uint8Array | undefined;
  readonly ticket: Uint8Array | undefined;
  /** Which resumes, and which proofs, were used already. */
  readonly resumes: ProofNoncesState;
  readonly nonces: ProofNoncesState | undefined;
  /** Undefined while nothing is bound. */
  readonly session: SessionSnapshot | undefined;
  /** The worker that had the session. */
  readonly worker: number;
}

const FORMAT = 2;

const u8 = z.int().min(0).max(0xff);
const u16 = z.int().min(0).max(0xffff);
const u32 = z.int().min(0).max(0xffff_ffff);
const u64 = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform(BigInt)
  .refine((value) => value < 2n ** 64n);
const hex = z
  .string()
  .regex(/^(?:[0-9a-f]{2})*$/)
  .transform((text) => Uint8Array.from(Buffer.from(text, 'hex')));
const nonces = z.object({ highest: z.union([z.literal('-1').transform(() => -1n), u64]), below: u64 });
const address = z.string().refine(isAddress);

const session = z.object({
  sessionId: u32,
  multipath: z.enum(['standby', 'duplicate', 'parity']),
  paths: z
    .array(z.object({ number: u8.max(3), address, port: u16, local: address, isValidated: z.boolean().default(true) }))
    .min(1)
    .max(8),
  sequence: u16,
  groupId: u16,
  nonces,
  openingNonce: u64.default(0n),
  newestTagUs: z.int32().optional(),
  protection: z.object({ forms: u8, deadlineMs: u8, budgetPercent: u8, profile: u8.max(127).optional() }).optional(),
  flows: z.array(
    z.object({
      clientIp: u32,
      clientPort: u16,
      serverIp: u32,
      serverPort: u16,
      egressPort: u16,
      groupSize: u8.max(64),
    }),
  ),
});

const client = z.object({
  sessionId: u32,
  address,
  token: u8.min(1),
  dialect: z.enum(['standard', 'reference']),
  capabilities: u32.default(0),
  protection: u32.max(0x7fff_ffff).default(0),
  secret: hex.refine(({ length }) => length === 16).optional(),
  ticket: hex.optional(),
  resumes: nonces,
  nonces: nonces.optional(),
  session: session.optional(),
  worker: z.int().min(0),
});

const journalLine = z.union([z.object({ over: u32 }), client]);

const state = z.object({ format: z.literal(FORMAT), clients: z.array(client) });

/** Whether a text is an address that a datagram can come from. */
function isAddress(text: string): boolean {
  const parsed = parseAddressWords(text);
  return parsed !== undefined && (text.includes(':') || !isIpv6(parsed.words[3]));
}

/** The state as JSON, in pieces: each client on a line of its own. */
export function* formatSnapshots(clients: Iterable<ClientSnapshot>): Generator<string> {
  let before = `{"format":${FORMAT},"clients":[`;
  for (const client of clients) {
    yield `${before}\n${formatClient(client)}`;
    before = ',';
  }
  yield before === ',' ? '\n]}\n' : `${before}]}\n`;
}

/** A client as one line of the journal: it takes the place of whatever was said of it before. */
export function formatChange(client: ClientSnapshot): string {
  return `${formatClient(client)}\n`;
}

/** The line of the journal that says that a registration is over. */
export function formatEnd(sessionId: number): string {
  return `{"over":${sessionId}}\n`;
}

/**
 * What is left of saved clients after what a journal says.
 * @param lines whole ones, of {@link formatChange} and {@link formatEnd}. From the first on that is none of these, nothing counts.
 */
export function applyChanges(saved: readonly ClientSnapshot[], lines: readonly string[]): ClientSnapshot[] {
  const clients = new Map(saved.map((one) => [one.sessionId, one]));
  for (const line of lines) {
    const change = changeIn(line);
    if (change === undefined) break;
    if ('over' in change) clients.delete(change.over);
    else clients.set(change.sessionId, clientSnapshot(change));
  }
  return [...clients.values()];
}

function changeIn(line: string): z.infer<typeof journalLine> | undefined {
  try {
    return journalLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** With numbers and texts only, as JSON has them; what is undefined is left out. */
function formatClient({ secret, ticket, resumes, nonces, session, ...rest }: ClientSnapshot): string {
  return JSON.stringify({
    ...rest,
    secret: secret && hexOf(secret),
    ticket: ticket && hexOf(ticket),
    resumes: textOf(resumes),
    nonces: nonces && textOf(nonces),
    session: session && { ...session, nonces: textOf(session.nonces), openingNonce: session.openingNonce.toString() },
  });
}

function textOf({ highest, below }: ProofNoncesState): { readonly highest: string; readonly below: string } {
  return { highest: highest.toString(), below: below.toString() };
}

function hexOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
}

/** @throws if the text is none that {@link formatSnapshots} gives, all in one. */
export function parseSnapshots(text: string): ClientSnapshot[] {
  return parseStateFile(text, FORMAT, state).clients.map(clientSnapshot);
}

/** The same with every field, so that all have one shape. */
function clientSnapshot(parsed: z.infer<typeof client>): ClientSnapshot {
  const { secret, ticket, nonces: used, session: bound } = parsed;
  return { ...parsed, secret, ticket, nonces: used, session: bound };
}
