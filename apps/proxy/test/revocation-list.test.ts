import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ticketExtension } from '@lightspeed/control';
import { decodeTicket, formatRevocation } from '@lightspeed/security';
import type { RunningNode } from '@lightspeed/proxy';
import { expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { keptFolder } from './support/kept-folder.ts';
import { ERROR, WARN, loggedNode } from './support/logged-node.ts';
import type { LogLine } from './support/logged-node.ts';
import { Program } from './support/program.ts';
import { Control } from './support/registered-client.ts';
import { temporaryFile } from './support/temporary-file.ts';
import { Issuer } from './support/tickets.ts';

const issuer = new Issuer();
const [alice, bob] = [issuer.ticket(), issuer.ticket()];

function idOf(ticket: Uint8Array): string {
  const decoded = decodeTicket(ticket);
  if (decoded.type === 'refused') throw new Error(decoded.text);
  return decoded.id;
}

const LIST = formatRevocation(idOf(alice)) + formatRevocation(idOf(bob), 'left the team');

/** Whether the node lets somebody in with this ticket. */
async function letsIn(node: RunningNode, ticket: Uint8Array): Promise<boolean> {
  const control = await Control.connect(node);
  await control.register([ticketExtension.encode(ticket)]);
  const answer = await eventually(() => {
    const said = control.said.find(({ type }) => type === 'register_ack' || type === 'disconnect');
    if (said === undefined) throw new Error('nothing was said');
    return said.type;
  });
  await control.connection.close();
  return answer === 'register_ack';
}

async function scene({ stateDir = keptFolder(), list = temporaryFile('revoked.txt', LIST) } = {}) {
  const { node, log } = await loggedNode({ stateDir, issuerKeys: [issuer.publicKey], revocationList: list });
  const told = (level: number, text: string) => {
    return eventually(() => expect(log.filter((line) => line.level === level && line.msg.includes(text))).toHaveLength(1));
  };
  return { node, log, list, stateDir, told };
}

const has = (log: readonly LogLine[], text: string) => log.some(({ msg }) => msg.includes(text));

it.each([
  ['is removed', WARN, 'the revocation list is not there: what it said last stays in force', (list: string) => rmSync(list)],
  ['becomes empty', WARN, 'the revocation list has lost tickets', (list: string) => writeFileSync(list, '')],
  [
    'is cut short between two lines',
    WARN,
    'the revocation list has lost tickets',
    (list: string) => writeFileSync(list, LIST.slice(0, LIST.indexOf('\n') + 1)),
  ],
  [
    'is cut short within a line',
    ERROR,
    'the revocation list cannot be read: the old list stays in force',
    (list: string) => writeFileSync(list, LIST.slice(0, LIST.indexOf('\n') + 9)),
  ],
] as const)('a list that %s lets nobody back in, and the log says so', async (_how, level, words, change) => {
  const { node, list, told } = await scene();
  change(list);
  await told(level, words);
  expect([await letsIn(node, alice), await letsIn(node, bob)]).toEqual([false, false]);
});

it.each([
  ['is gone', (list: string) => rmSync(list)],
  ['was cut short between two lines', (list: string) => writeFileSync(list, formatRevocation(idOf(alice)))],
  ['was cut short within a line', (list: string) => writeFileSync(list, LIST.slice(0, 40))],
])('a list that %s while the node was down lets nobody back in', async (_how, change) => {
  const { node, list, stateDir } = await scene();
  await node.close();
  change(list);
  const next = await scene({ stateDir, list });
  expect([await letsIn(next.node, alice), await letsIn(next.node, bob)]).toEqual([false, false]);
  expect(next.log.some(({ level, msg }) => level >= WARN && msg.includes('the revocation list'))).toBe(true);
});

it('what another list has said does not count', async () => {
  const { node, stateDir } = await scene();
  await node.close();
  const next = await scene({ stateDir, list: temporaryFile('other.txt', '') });
  expect([await letsIn(next.node, alice), await letsIn(next.node, bob)]).toEqual([true, true]);
  expect(readFileSync(join(stateDir, 'revoked.txt'), 'utf8')).toMatch(/^# of ".*other\.txt"\n$/);
});

it('a list that was never there is an empty one, with a warning, until it comes', async () => {
  const list = join(keptFolder(), 'revoked.txt');
  const { node, log } = await scene({ list });
  expect(has(log, 'the revocation list is not there: no ticket is revoked')).toBe(true);
  expect(await letsIn(node, alice)).toBe(true);
  appendFileSync(list, LIST);
  await eventually(async () => expect(await letsIn(node, alice)).toBe(false));
});

it('--check reads the list', async () => {
  const check = (list: string) => {
    return Program.run('serve', '--state-dir', 'off', '--issuer-key', issuer.publicKey, '--revocation-list', list, '--check');
  };
  expect(await check(temporaryFile('revoked.txt', LIST))).toMatchObject({ code: 0, stderr: '' });
  const damaged = temporaryFile('revoked.txt', `${LIST}what is this\n`);
  expect(await check(damaged)).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining(`${damaged}: revocation list, line 3`) as string,
  });
  const missing = join(keptFolder(), 'revoked.txt');
  const { code, stdout } = await check(missing);
  expect(code).toBe(0);
  expect(stdout).toContain(`#   ${missing}, the revocation list, is not there\n`);
});
