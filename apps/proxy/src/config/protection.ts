import { ALL_FORMS, LOOP_MODE_FORMS, formatProtect, parseBudget, parseProtect } from '@lightspeed/session';
import type { LoopMode, ProtectionSettings, ProtectionTerms } from '@lightspeed/session';

/** How a node protects what it sends to its clients: by blocks, or not at all. */
export type NodeProtect = LoopMode;

/** What holds for the bearers of some tickets in place of the node's own settings. */
export interface TicketProtection {
  /** A ticket's id, or its name. */
  readonly ticket: string;
  readonly protect: NodeProtect;
  /** Percent; undefined for the node's own. */
  readonly budget: number | undefined;
}

/** Most of them: they are numbered in seven bits. */
export const MAX_TICKET_PROTECTIONS = 127;

/** What {@link parseNodeProtect} reads, for messages. */
export const NODE_PROTECT_FORMS = `${LOOP_MODE_FORMS}; groups are the client's choice, and a node answers in kind`;

/** Groups are what a node answers with to clients that send groups: there is nothing to set. */
export function parseNodeProtect(text: string): NodeProtect | undefined {
  const protect = parseProtect(text);
  return protect?.kind === 'groups' ? undefined : protect;
}

/** Reads `NAME = repeat:5 200%`: whom it is for, what holds, and the budget if it is another one. @throws {RangeError} */
export function parseTicketProtection(text: string): TicketProtection {
  const [, ticket, mode, budget] = /^(.*\S)\s*=\s*(\S+)(?:\s+(\S+))?\s*$/.exec(text) ?? [];
  if (ticket === undefined) throw refused(text, 'give TICKET = PROTECT or TICKET = PROTECT BUDGET, for example alice = repeat:5 200%');
  const protect = parseNodeProtect(mode);
  if (protect === undefined) throw refused(text, `of "${mode}", allowed is ${NODE_PROTECT_FORMS}`);
  const percent = budget === undefined ? undefined : parseBudget(budget);
  if (budget !== undefined && percent === undefined) throw refused(text, `of "${budget}", allowed is a share from "0%" to "255%"`);
  return { ticket, protect, budget: percent };
}

function refused(text: string, why: string): RangeError {
  return new RangeError(`protection of tickets: "${text}" is not allowed: ${why}`);
}

/** The text that {@link parseTicketProtection} reads. */
export function formatTicketProtection({ ticket, protect, budget }: TicketProtection): string {
  return `${ticket} = ${formatProtect(protect)}${budget === undefined ? '' : ` ${budget}%`}`;
}

/** What a node's configuration says of protection. */
export interface ProtectionConfig {
  /** How packets to clients are protected from loss whose clients know blocks. */
  readonly protect: NodeProtect;
  /** Longest deadline that a client may ask for. */
  readonly deadlineMs: number;
  /** Most redundancy per session towards the client, in percent of the game's bytes. */
  readonly budget: number;
  /** The same in kilobits a second. */
  readonly budgetKbps: number;
  /** What holds for the bearers of some tickets instead. */
  readonly ticketProtections: readonly TicketProtection[];
}

/** What the relays are told: the node's own settings first, then those of tickets in the order of the file. */
export function protectionsOf(config: ProtectionConfig): readonly ProtectionSettings[] {
  const { protect, budget, ticketProtections } = config;
  return [{ protect, budget }, ...ticketProtections].map((one) => settingsOf(config, one.protect, one.budget ?? budget));
}

/** What a node offers to the bearer of a ticket. */
export function offerFor(config: ProtectionConfig, ticket: { readonly id: string; readonly name: string } | undefined): ProtectionTerms {
  const { ticketProtections, protect, budget } = config;
  const nth = ticketProtections.findIndex((one) => ticket !== undefined && (one.ticket === ticket.id || one.ticket === ticket.name));
  const own = nth < 0 ? undefined : ticketProtections[nth];
  const { forms, deadlineMs, budgetPercent } = settingsOf(config, own?.protect ?? protect, own?.budget ?? budget);
  return { forms, deadlineMs, budgetPercent, profile: nth + 1 };
}

/** What of a configuration does not do what it seems to, one text each. */
export function protectionWarnings({
  protect,
  deadlineMs,
  ticketProtections,
  requireAuth,
}: ProtectionConfig & { readonly requireAuth: boolean }): string[] {
  const warnings: string[] = [];
  const named = new Set<string>();
  const late = (mode: NodeProtect) => (mode.kind === 'repeat' ? mode.agesMs.filter((ageMs) => ageMs > deadlineMs) : []);
  const tooLate = (where: string, mode: NodeProtect) => {
    for (const ageMs of late(mode))
      warnings.push(`${where}: a repeat after ${ageMs} ms comes too late: protection.deadline_ms is ${deadlineMs}`);
  };
  tooLate('protection.protect', protect);
  for (const { ticket, protect: own } of ticketProtections) {
    if (named.has(ticket)) warnings.push(`protection.tickets: "${ticket}" is there more than once, and only the first one counts`);
    named.add(ticket);
    tooLate(`protection.tickets, "${ticket}"`, own);
  }
  if (!requireAuth && named.size > 0)
    warnings.push('protection.tickets: no client shows a ticket to this node, since authentication is off');
  return warnings;
}

/** Also a node that protects nothing agrees with its clients: it reports to them, so that they can protect what they send. */
function settingsOf({ deadlineMs, budgetKbps }: ProtectionConfig, mode: NodeProtect, budgetPercent: number): ProtectionSettings {
  return { mode, forms: ALL_FORMS, deadlineMs, budgetPercent, budgetKbps, hints: {} };
}
