import { refusalCodeExtension } from '@lightspeed/control';
import type { Disconnect } from '@lightspeed/control';
import { decodeTicket } from '@lightspeed/security';
import { ClientError } from '../base/errors.ts';

/** Refusals of a ticket that does not become valid again. */
const FOR_GOOD: ReadonlySet<string> = new Set(['expired', 'revoked']);

/** The node has answered, and does not take the registration, or ends it. */
export class RefusedError extends ClientError {
  /** Whether the node will not take the same ticket again. */
  readonly isForGood: boolean;
  /** Whether no node takes the ticket any more: its time is over. */
  readonly isExpired: boolean;
  /** Whether the node ends, so that it, or its successor, may take us soon. */
  readonly isOfShutdown: boolean;

  private constructor(message: string, code: string | undefined, isOfShutdown: boolean) {
    const isForGood = code !== undefined && FOR_GOOD.has(code);
    super(isForGood ? 'ERR_CLIENT_TICKET' : 'ERR_CLIENT_REGISTER', message);
    this.isForGood = isForGood;
    this.isExpired = code === 'expired';
    this.isOfShutdown = isOfShutdown;
  }

  /**
   * @param message what the node says, in words.
   * @param ticket ours, which says when it counts.
   */
  static of(
    message: string,
    { extensions, reason }: Partial<Pick<Disconnect, 'extensions' | 'reason'>> = {},
    ticket?: Uint8Array,
  ): RefusedError {
    const code = extensions && refusalCodeExtension.find(extensions);
    const advice = code !== undefined && FOR_GOOD.has(code) ? '; ask the operator of the node for another ticket' : '';
    return new RefusedError(`${message}${datesOf(ticket, code)}${advice}`, code, reason === 'server_shutdown');
  }
}

/** What the ticket says of the time, where the time is what is wrong. */
function datesOf(bytes: Uint8Array | undefined, code: string | undefined): string {
  const ticket = bytes && decodeTicket(bytes);
  if (ticket === undefined || ticket.type === 'refused') return '';
  if (code === 'expired') return `: it was good until ${dateText(ticket.expiresAt)}`;
  return code === 'not_yet_valid' ? `: it is good from ${dateText(ticket.notBefore)} on` : '';
}

function dateText(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? 'a date far away' : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Whether the node that said so will not take the same ticket again. */
export function isForGood(error: unknown): error is RefusedError {
  return error instanceof RefusedError && error.isForGood;
}

/** Whether a node ends: it refuses whoever asks until then. */
export function isOfShutdown(error: unknown): boolean {
  return error instanceof RefusedError && error.isOfShutdown;
}

/** Whether the node has heard us, and does not want us, or is not the one that we want. */
export function isAnswer(error: ClientError): boolean {
  return error instanceof RefusedError || error.code === 'ERR_CLIENT_NODE_IDENTITY';
}

/** Whether an error says that the time of our ticket is over, which is so at every node. */
export function hasExpired(error: unknown): boolean {
  return error instanceof RefusedError && error.isExpired;
}
