import { GUARD_COMMAND, GUARD_TABLE } from '../rules/guard.ts';
import { ANY_GATEWAY_RULE, ROUTE, ROUTING_RULES, ROUTING_TABLE, gatewayRule } from '../rules/marks.ts';
import type { Marks } from '../rules/marks.ts';
import { Nft, runTool } from './nft.ts';

/*
 * The rules and the route by which caught packets come to this machine's own sockets, and the guard that holds sockets to their
 * captures. They belong to the installation: they stay when nothing is caught.
 */

let adding: Promise<void> = Promise.resolve();

/** Puts them there, if they are not. Captures that begin at once do it one after the other: a rule cannot be added twice. */
export function addRouting(): Promise<void> {
  const added = adding.then(addMissing);
  adding = added.catch(() => undefined);
  return added;
}

async function addMissing(): Promise<void> {
  inNft(GUARD_COMMAND);
  const there = await runTool('ip', ['-4', 'rule', 'show']);
  for (const rule of ROUTING_RULES) {
    if (!there.includes(`${rule[1]}:`)) await runTool('ip', ['-4', 'rule', 'add', ...rule]);
  }
  await runTool('ip', ['-4', 'route', 'replace', ...ROUTE]);
}

/** Lets the answers of a gateway leave this machine. There is one gateway: a rule that a former one has left goes. */
export async function addGatewayRule(marks: Marks): Promise<void> {
  await removeGatewayRules();
  await runTool('ip', ['-4', 'rule', 'add', ...gatewayRule(marks)]);
}

async function removeGatewayRules(): Promise<void> {
  const there = await runTool('ip', ['-4', 'rule', 'show', ...ANY_GATEWAY_RULE]);
  for (const line of there.split('\n')) if (line !== '') await runTool('ip', ['-4', 'rule', 'delete', ...ANY_GATEWAY_RULE]);
}

/** Takes them away. */
export async function removeRouting(): Promise<void> {
  await removeGatewayRules();
  const there = await runTool('ip', ['-4', 'rule', 'show']);
  for (const rule of ROUTING_RULES) {
    if (there.includes(`${rule[1]}:`)) await runTool('ip', ['-4', 'rule', 'delete', ...rule]);
  }
  const routes = await runTool('ip', ['-4', 'route', 'show', 'table', String(ROUTING_TABLE)]).catch(() => '');
  if (routes.trim() !== '') await runTool('ip', ['-4', 'route', 'delete', ...ROUTE]);
  const tables = await runTool('nft', ['list', 'tables']).catch(() => '');
  if (tables.includes(` ${GUARD_TABLE}\n`)) inNft(`delete table ip ${GUARD_TABLE}`);
}

/** What belongs to nobody: it stays. */
function inNft(command: string): void {
  const nft = new Nft();
  try {
    nft.command(command);
  } finally {
    nft.end();
  }
}
