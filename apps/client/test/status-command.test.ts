import { statSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PageState } from '../src/page/page-state.ts';
import { Running } from './support/command.ts';
import { TestNode } from './support/test-node.ts';

/** A client that plays, with a state folder of its own. */
async function playing(...more: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'lightspeed-status-'));
  const env = { XDG_STATE_HOME: folder };
  const node = await TestNode.start();
  const client = new Running(['play', '--open', '--node', node.name, '--game-server', '127.0.0.1:9', '--listen', '0', ...more], env);
  onTestFinished(async () => {
    client.signal('SIGINT');
    await client.ended();
    await node[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  await client.printed('connected');
  return { env, client, notes: join(folder, 'lightspeed', 'clients') };
}

describe('lightspeed status', () => {
  it('shows what the page of a client shows that runs, and nothing when it has ended', async () => {
    const { env, client, notes } = await playing('--page', '0');

    const { code, stdout } = await new Running(['status', '--json'], env).ended();
    expect(code).toBe(0);
    const state = JSON.parse(stdout) as PageState;
    expect([state.command, state.flows[0].server]).toEqual(['play', '127.0.0.1:9']);
    const text = await new Running(['status'], env).ended();
    expect(text.stdout).toContain('lightspeed play: ');

    const [note] = readdirSync(notes);
    expect(statSync(join(notes, note)).mode & 0o777).toBe(0o600);
    client.signal('SIGINT');
    await client.ended();
    writeFileSync(join(notes, '999999999.json'), '{"pid":999999999,"address":"127.0.0.1:1","secret":"x"}');
    writeFileSync(join(notes, '1.json'), 'no note');
    const none = await new Running(['status'], env).ended();
    expect([none.code, none.stderr]).toEqual([1, 'lightspeed: no client of yours runs with a live page; start one, without --page off\n']);
    expect(readdirSync(notes)).toEqual(['1.json']);
  });

  it('prints an address that lets one browser in, which no log file has', async () => {
    const { env, client } = await playing('--page', '0');

    expect(client.stdout).toMatch(/live page: http:\/\/127\.0\.0\.1:\d+\/\n/);
    const { stdout } = await new Running(['status', '--url'], env).ended();
    const [address, token] = stdout.trim().split('/#');
    const entered = await fetch(`${address}/session`, { method: 'POST', body: token, headers: { origin: address } });
    expect(entered.status).toBe(200);
  });

  it('finds no page that was not wanted', async () => {
    const { env, client } = await playing('--page', 'off');

    expect(client.stdout).not.toContain('live page');
    expect((await new Running(['status'], env).ended()).code).toBe(1);
  });
});
