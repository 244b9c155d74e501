import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueTicket, formatTicket } from '@lightspeed/security';
import { SigningKey, sha256 } from '@lightspeed/security/node';
import { formatPin } from '@lightspeed/control/quic';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseListen } from '../src/cli/endpoint.ts';
import { userPath } from '../src/cli/user-path.ts';
import { Running, lightspeed } from './support/command.ts';
import { ControlNode } from './support/control-node.ts';
import { until } from './support/game.ts';
import { registeredTunnel } from './support/tunnel.ts';

const DAY = 86_400;
const NOON = Date.UTC(2026, 10, 20, 12) / 1_000;

function ticket(): Uint8Array {
  const fields = { id: '7'.repeat(32), name: 'alice', issuedAt: NOON - DAY, notBefore: NOON, expiresAt: NOON + DAY };
  return issueTicket(fields, SigningKey.generate(), sha256);
}

function refusing(node: ControlNode, code: string): void {
  node.behaviour.refuse = () => ({ reason: 'auth_failed', text: 'it says no', code });
}

describe('a refused ticket', () => {
  it.each([
    ['expired', 'it says no (auth failed): it was good until 2026-11-21 12:00 UTC; ask the operator of the node for another ticket'],
    ['not_yet_valid', 'it says no (auth failed): it is good from 2026-11-20 12:00 UTC on'],
    ['unknown_issuer', 'it says no (auth failed)'],
  ])('is refused with its dates where they are the reason: %s', async (code, words) => {
    await using node = await ControlNode.start();
    refusing(node, code);
    const { stderr } = await lightspeed(['whoami', '--node', node.name, '--pin', formatPin(node.pin), '--ticket', formatTicket(ticket())]);
    expect(stderr).toBe(`lightspeed: node ${node.name} refuses the registration: ${words}\n`);
  });

  it('that has expired ends the tunnel also while another node has not answered', async () => {
    await using node = await ControlNode.start();
    await using gone = await ControlNode.start();
    const { settings } = gone;
    await gone.stopControl();
    await using tunnel = await registeredTunnel([node, { settings } as ControlNode], []);
    await tunnel.established(5_000);
    const failures: string[] = [];
    tunnel.on('failed', ({ code }) => failures.push(code));
    await node.dismissAll('expired');
    await until(() => failures.length > 0, 'the end');
    expect(failures).toEqual(['ERR_CLIENT_TICKET']);
  });
});

describe('an error', () => {
  it.each([
    ['ERR_CLIENT_USAGE', ['play', '--json', '--fce', '4'], 2],
    ['ERR_CLIENT_USAGE', ['ping', '--json', '--open', '--node', 'example.net'], 2],
    ['ERR_CLIENT_RESOLVE', ['whoami', '--json', '--node', 'no..where'], 1],
  ])('is an object with a code for programs: %s of %j', async (code, args, exitCode) => {
    const result = await lightspeed(args);
    expect(result.code).toBe(exitCode);
    const error = JSON.parse(result.stdout) as { message: string };
    expect(error).toEqual({ event: 'error', code, message: expect.any(String) as string });
    expect(result.stderr).toBe(`lightspeed: ${error.message}\n`);
  });

  it('of a certificate names the node once, and says what is wrong in words', async () => {
    await using node = await ControlNode.start();
    const { stderr } = await lightspeed(['whoami', '--node', node.name]);
    expect(stderr).toMatch(/^lightspeed: the certificate of node 127\.0\.0\.1:\d+ was not accepted: /);
    expect(stderr.split(node.name)).toHaveLength(2);
    expect(stderr).not.toMatch(/0x|alert/);
  });
});

it('a file is looked for where the user was when a package manager runs the program', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lightspeed-user-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'my-ticket.txt'), 'none');
  expect(await userPath('my-ticket.txt', { INIT_CWD: folder })).toBe(join(folder, 'my-ticket.txt'));
  expect(await userPath('package.json', { INIT_CWD: folder })).toBe('package.json');
  expect(await userPath('nosuch.txt', { INIT_CWD: folder })).toBe('nosuch.txt');
  expect(await userPath('my-ticket.txt', {})).toBe('my-ticket.txt');
  const args = ['whoami', '--node', '127.0.0.1:9', '--ticket', 'my-ticket.txt'];
  expect((await new Running(args, { INIT_CWD: folder }).ended()).stderr).toMatch(/^lightspeed: --ticket: the ticket is/);
});

it('a port alone is one of 127.0.0.1', () => {
  expect(parseListen('22501')).toEqual({ ip: 0x7f00_0001, port: 22_501 });
  expect(parseListen('0')).toEqual({ ip: 0x7f00_0001, port: 0 });
  expect(() => parseListen('70000')).toThrow('"70000" is not a port; allowed are 0 to 65535');
});
