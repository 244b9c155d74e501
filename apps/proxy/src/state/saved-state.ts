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
  idleMs: z.int(),
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

const state = z.object({
  format: z.literal(FORMAT),
  clients: z.array(
    z.object({
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
    }),
  ),
});

/** The state as a text of one line. */
export function formatState(clients: readonly SavedClient[]): string {
  return `${JSON.stringify({ format: FORMAT, clients }, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  })}\n`;
}

/** @throws if the text is none that {@link formatState} gives. */
export function parseState(text: string): SavedClient[] {
  const { clients } = state.parse(JSON.parse(text));
  return clients.map((client) => ({
    ...client,
    secret: client.secret,
    ticket: client.ticket,
    nonces: client.nonces,
    session: client.session,
  }));
}
