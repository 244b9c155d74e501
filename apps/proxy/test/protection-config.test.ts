import { expect, it } from 'vitest';
import { protectionWarnings } from '../src/config/protection.ts';
import { fromFile, refusalOf } from './support/configurations.ts';

const NODE_FORMS =
  "auto, off, repeat:AGES (milliseconds, such as 5,20), xor:N (2 to 4) or request; groups are the client's choice, and a node answers in kind";
const refusedTicket = (text: string) => `node.toml: protection.tickets: protection of tickets: "${text}" is not allowed: `;

it.each([
  ['protect = "groups:4"', `node.toml: protection.protect: got "groups:4", allowed is ${NODE_FORMS}`],
  ['budget = "300%"', 'node.toml: protection.budget: got "300%", allowed is a share from "0%" to "255%"'],
  ['deadline_ms = 200', 'node.toml: protection.deadline_ms: got 200, allowed is a whole number from 10 to 100'],
  ['tickets = ["alice = fast"]', `${refusedTicket('alice = fast')}of "fast", allowed is ${NODE_FORMS}`],
  ['tickets = ["alice = xor:3 300%"]', `${refusedTicket('alice = xor:3 300%')}of "300%", allowed is a share from "0%" to "255%"`],
  ['tickets = ["alice"]', `${refusedTicket('alice')}give TICKET = PROTECT or TICKET = PROTECT BUDGET, for example alice = repeat:5 200%`],
])('%s of protection is refused in one line that says which part is wrong', (toml, message) => {
  expect(refusalOf(() => fromFile(`[protection]\n${toml}`))).toBe(message);
});

it('what of it does not do what it seems to is warned of', () => {
  const warningsOf = (toml: string) => protectionWarnings(fromFile(toml));
  expect(warningsOf('[protection]\nprotect = "repeat:5,20"\ntickets = ["alice = auto", "bob = off"]')).toEqual([]);
  expect(
    warningsOf('[protection]\nprotect = "repeat:5,40"\ndeadline_ms = 30\ntickets = ["alice = repeat:50", "bob = off", "alice = auto"]'),
  ).toEqual([
    'protection.protect: a repeat after 40 ms comes too late: protection.deadline_ms is 30',
    'protection.tickets, "alice": a repeat after 50 ms comes too late: protection.deadline_ms is 30',
    'protection.tickets: "alice" is there more than once, and only the first one counts',
  ]);
  expect(
    warningsOf('[server]\ndata_bind = "127.0.0.1:0"\n[security]\nrequire_auth = false\n[protection]\ntickets = ["alice = off"]'),
  ).toEqual(['protection.tickets: no client shows a ticket to this node, since authentication is off']);
});
