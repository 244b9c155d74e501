import { setTimeout as pause } from 'node:timers/promises';
import type { EngineKind } from '@lightspeed/udp';
import { formatSocketAddress } from '@lightspeed/wire';
import type { Dialect } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import type { RunningTunnel } from '../run/running-tunnel.ts';
import { startTunnel } from '../run/start-tunnel.ts';
import { requirePort } from './endpoint.ts';
import type { NodeArgument } from './endpoint.ts';
import { Interruption } from './interruption.ts';
import { registers, registrationOf } from './registration.ts';
import type { RegistrationOptions } from './registration.ts';
import { roundTripLines, summarizeRoundTrips } from './round-trips.ts';
import type { RoundTripSummary } from './round-trips.ts';
import type { Terminal } from './terminal.ts';

const HANDSHAKE_TIMEOUT_MS = 5_000;
/** How long to wait for answers after the last keepalive. */
const LAST_ANSWER_MS = 1_000;

/** The options of `ping`, as the command line gives them. */
export interface PingOptions extends RegistrationOptions {
  readonly node: NodeArgument;
  readonly count: number;
  readonly intervalMs: number;
  readonly source?: string;
  readonly io: 'auto' | EngineKind;
  readonly dialect: Dialect;
  readonly json?: boolean;
}

/** `lightspeed ping`. @returns the exit code: 1 if nothing was answered. */
export async function ping(options: PingOptions, terminal: Terminal): Promise<number> {
  const where = registers(options)
    ? { register: await registrationOf(options, [options.node], undefined, terminal) }
    : { node: requirePort(options.node) };
  const interruption = new Interruption(terminal);
  const tunnel = await startTunnel({
    ...where,
    fecGroupSize: 0,
    dialect: options.dialect,
    token: options.token,
    source: options.source,
    io: options.io,
    keepaliveMs: options.intervalMs,
    maxKeepalives: options.count,
    // A measurement does not give up: what is not answered is loss.
    maxKeepaliveMisses: options.count + 1,
    reopen: false,
  });
  const name = formatSocketAddress(tunnel.node);
  if (options.json !== true) terminal.line(`PING ${name}, ${options.count} keepalives, one every ${options.intervalMs} ms`);
  const replies: { sequence: number; rttMs: number }[] = [];
  tunnel.on('roundTrip', (rttMs, sequence) => {
    replies.push({ sequence, rttMs });
    if (options.json !== true) terminal.line(`answer from ${name}: seq=${sequence} rtt=${rttMs.toFixed(3)} ms`);
  });
  const failure = await measured(tunnel, options.count, interruption);
  const { keepalivesSent } = tunnel.stats().counters;
  await tunnel.close();
  interruption.release();

  const summary = summarizeRoundTrips(
    keepalivesSent,
    replies.map(({ rttMs }) => rttMs),
  );
  const error = failure && { code: failure.code, message: failure.message };
  if (options.json === true) terminal.json({ node: name, ...withNulls(summary), replies, error });
  else for (const line of roundTripLines(name, summary)) terminal.line(line);
  if (failure !== undefined) terminal.error(failure.message);
  return replies.length === 0 ? 1 : 0;
}

/** Waits until all is sent and answered, or there is no more hope. @returns why nothing could be measured, if so. */
async function measured(tunnel: RunningTunnel, count: number, { asked }: Interruption): Promise<ClientError | undefined> {
  const allSent = new Promise<void>((resolve) => tunnel.once('keepalivesSent', resolve));
  const allAnswered = new Promise<void>((resolve) => {
    let answers = 0;
    tunnel.on('roundTrip', () => {
      if (++answers === count) resolve();
    });
  });
  const over = new Promise<string>((resolve) => {
    tunnel.once('ended-by-node', () => resolve('the node has ended the session'));
    tunnel.once('failed', ({ message }) => resolve(message));
  });
  try {
    await Promise.race([tunnel.established(HANDSHAKE_TIMEOUT_MS), asked]);
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
  const abort = new AbortController();
  const timeout = allSent.then(() => pause(LAST_ANSWER_MS, undefined, { signal: abort.signal }).catch(() => undefined));
  const end = await Promise.race([allAnswered, timeout, asked, over]);
  abort.abort();
  return typeof end === 'string' ? new ClientError('ERR_CLIENT_CLOSED', end) : undefined;
}

/** Undefined would vanish from JSON. */
function withNulls(summary: RoundTripSummary): object {
  return Object.fromEntries(Object.entries(summary).map(([key, value]) => [key, value ?? null]));
}
