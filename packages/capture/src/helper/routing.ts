import { ROUTE, ROUTING_RULES, ROUTING_TABLE } from '../rules/marks.ts';
import { GUARD_TABLE, guardCommands } from '../rules/table.ts';
import { runTool } from './nft.ts';

/*
 * The rules and the route by which caught packets come to this machine's own sockets. And the guard, which drops what captures have
 * not let pass. They belong to the installation. While nothing is caught, only sockets that a capture has left have their marks.
 */

let adding: Promise<void> = Promise.resolve();

/** Puts them there, if they are not. Captures that begin at once do it one after the other: a rule cannot be added twice. */
export function addRouting(): Promise<void> {
  const added = adding.then(addMissing);
  adding = added.catch(() => undefined);
  return added;
}

async function addMissing(): Promise<void> {
  const there = await runTool('ip', ['-4', 'rule', 'show']);
  for (const rule of ROUTING_RULES) {
    if (!there.includes(`${rule[1]}:`)) await runTool('ip', ['-4', 'rule', 'add', ...rule]);
  }
  await runTool('ip', ['-4', 'route', 'replace', ...ROUTE]);
  if (!(await hasGuard())) await runTool('nft', ['-f', '-'], guardCommands());
}

/** Takes them away. */
export async function removeRouting(): Promise<void> {
  const there = await runTool('ip', ['-4', 'rule', 'show']);
  for (const rule of ROUTING_RULES) {
    if (there.includes(`${rule[1]}:`)) await runTool('ip', ['-4', 'rule', 'delete', ...rule]);
  }
  const routes = await runTool('ip', ['-4', 'route', 'show', 'table', String(ROUTING_TABLE)]).catch(() => '');
  if (routes.trim() !== '') await runTool('ip', ['-4', 'route', 'delete', ...ROUTE]);
  if (await hasGuard()) await runTool('nft', ['delete', 'table', 'ip', GUARD_TABLE]);
}

async function hasGuard(): Promise<boolean> {
  const tables = await runTool('nft', ['list', 'tables', 'ip']).catch(() => '');
  return tables.split('\n').includes(`table ip ${GUARD_TABLE}`);
}
