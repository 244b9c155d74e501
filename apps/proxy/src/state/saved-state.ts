import type { ProofNoncesState } from '@lightspeed/security';
import type { SavedSession } from '@lightspeed/session';
import type { Dialect } from '@lightspeed/wire';
import { z } from 'zod';

/** A registration, and its session if it has one, as they outlive the node. */
export interface SavedClient {
  readonly sessionId: number;
  readonly ip: number;
  readonly token: number;
  readonly dialect: Dialect;
  readonly secret: Uint8Array | undefined;
  readonly ticket: Uint8Array | undefined;
  /** Which resumes, and which proofs, were used already. */
  readonly resumes: ProofNoncesState;
  readonly nonces: ProofNoncesState | undefined;
  /** Undefined while nothing is bound. */
  readonly session: SavedSession | undefined;
  /** The worker that had the session. */
  readonly worker: number;
}

const FORMAT = 1;

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
const endpoint = { ip: u32, port: u16 };

const session = z.object({
  sessionId: u32,
  multipath: z.enum(['standby', 'duplicate', 'parity']),
  paths: z
    .array(z.object({ number: u8.max(3), ...endpoint }))
    .min(1)
    .max(4),
  sequence: u16,
  groupId: u16,
  nonces,
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
  ip: u32,
  token: u8.min(1),
  dialect: z.enum(['standard', 'reference']),
  secret: hex.refine(({ length }) => length === 16).optional(),
  ticket: hex.optional(),
  resumes: nonces,
  nonces: nonces.optional(),
  session: session.optional(),
  worker: z.int().min(0),
});

const state = z.object({ format: z.literal(FORMAT), clients: z.array(client) });

/** What a text begins and ends with that has clients, each on a line of its own. */
const HEAD = `{"format":${FORMAT},"clients":[\n`;
const TAIL = ']}';

/** The state as JSON, client by client: each on a line of its own. */
export function* formatState(clients: Iterable<SavedClient>): Generator<string> {
  let before = HEAD;
  for (const client of clients) {
    yield `${before}${formatClient(client)}`;
    before = ',\n';
  }
  yield before === HEAD ? `${JSON.stringify({ format: FORMAT, clients: [] })}\n` : `\n${TAIL}\n`;
}

/** With numbers and texts only, as JSON has them; what is undefined is left out. */
function formatClient({ secret, ticket, resumes, nonces, session, ...rest }: SavedClient): string {
  return JSON.stringify({
    ...rest,
    secret: secret && hexOf(secret),
    ticket: ticket && hexOf(ticket),
    resumes: textOf(resumes),
    nonces: nonces && textOf(nonces),
    session: session && { ...session, nonces: textOf(session.nonces) },
  });
}

function textOf({ highest, below }: ProofNoncesState): { readonly highest: string; readonly below: string } {
  return { highest: highest.toString(), below: below.toString() };
}

function hexOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
}

/** @throws if the text is none that {@link formatState} gives, all in one. */
export function parseState(text: string): SavedClient[] {
  return text.startsWith(HEAD) ? parseLines(text) : state.parse(JSON.parse(text)).clients.map(savedClient);
}

/** Line by line: of very many clients the whole tree, and its copy that was checked, would be three times the result. */
function parseLines(text: string): SavedClient[] {
  const clients: SavedClient[] = [];
  let isAnotherToCome = true;
  let at = HEAD.length;
  for (;;) {
    const end = text.indexOf('\n', at);
    if (end < 0) throw new SyntaxError(`it ends within line ${clients.length + 2}`);
    const line = text.slice(at, end);
    at = end + 1;
    if (!isAnotherToCome) {
      if (line !== TAIL || at !== text.length) throw new SyntaxError(`it should end at line ${clients.length + 2}`);
      return clients;
    }
    isAnotherToCome = line.endsWith(',');
    clients.push(savedClient(client.parse(JSON.parse(isAnotherToCome ? line.slice(0, -1) : line))));
  }
}

/** The same with every field, so that all have one shape. */
function savedClient(parsed: z.infer<typeof client>): SavedClient {
  const { secret, ticket, nonces: used, session: bound } = parsed;
  return { ...parsed, secret, ticket, nonces: used, session: bound };
}
