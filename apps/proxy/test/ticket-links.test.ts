import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseInvitation } from '@lightspeed/security';
import type { Invitation } from '@lightspeed/security';
import { SigningKey, sha256 } from '@lightspeed/security/node';
import decodeQR from 'qr/decode.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { qrColumns, qrLines } from '../src/cli/ticket-link.ts';
import { Program } from './support/program.ts';

const PIN = 'sha256//mN1ArP3y0m8GS+GPe0dC6iPYzYqUlDJrJtJg6S2XnBQ=';
const folder = mkdtempSync(join(tmpdir(), 'lightspeed-links-'));
const key = join(folder, 'issuer.pem');
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => writeFileSync(key, SigningKey.generate().toPem(), { mode: 0o600 }));

// Whatever runs on the machine of the tests is no node of theirs.
beforeEach(() => {
  vi.stubEnv('STATE_DIRECTORY', join(folder, 'of no node'));
  return () => vi.unstubAllEnvs();
});

const issue = (...args: readonly string[]) => Program.run('ticket', 'issue', '--key', key, '--for', 'alice', '--expires', '30d', ...args);

function read(text: string): Invitation {
  const invitation = parseInvitation(text, sha256);
  if (invitation.type === 'refused') throw new Error(invitation.text);
  return invitation;
}

/** What a camera reads of lines of half blocks, light on dark. */
function scanned(lines: readonly string[]): string {
  const scale = 4;
  const rows = lines.flatMap((line) => [
    [...line].map((block) => block === '█' || block === '▀'),
    [...line].map((block) => block === '█' || block === '▄'),
  ]);
  const [height, width] = [rows.length * scale, rows[0].length * scale];
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const light = rows[Math.floor(y / scale)][Math.floor(x / scale)];
      data.set(light ? [255, 255, 255, 255] : [0, 0, 0, 255], (y * width + x) * 4);
    }
  }
  return decodeQR({ width, height, data });
}

describe('ticket issue --link', () => {
  it('prints one line that names node, pin, ticket and issuer', async () => {
    const { code, stdout, stderr } = await issue('--link', '--node', 'Relay.example.net', '--pin', PIN);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^lightspeed:\/\/v1\/relay\.example\.net:4433\?pin=.*&ticket=lst1_.*&issuer=lsi1_.*&check=.{8}\n$/);
    const { node, pin, ticket } = read(stdout.trim());
    expect(node).toEqual({ host: 'relay.example.net', port: 4433 });
    expect(Buffer.from(pin ?? []).toString('base64')).toBe(PIN.slice('sha256//'.length));
    const inspected = await Program.run('ticket', 'inspect', `lst1_${Buffer.from(ticket ?? []).toString('base64url')}`);
    expect(inspected.stdout).toContain('for         alice');
  });

  it.each([
    ['198.51.100.20', '198.51.100.20', 4433],
    ['198.51.100.20:5000', '198.51.100.20', 5000],
    ['2001:db8::1', '2001:db8::1', 4433],
    ['[2001:DB8::1]:5000', '2001:db8::1', 5000],
  ])('names the node %s', async (given, host, port) => {
    const { stdout } = await issue('--link', '--node', given, '--pin', PIN);
    expect(read(stdout.trim()).node).toEqual({ host, port });
  });

  it('says what a line without pin means', async () => {
    const { code, stdout, stderr } = await issue('--link', '--node', 'relay.example.net');
    expect(code).toBe(0);
    expect(read(stdout.trim()).pin).toBeUndefined();
    expect(stderr).toBe(
      'lightspeed-proxy: the line has no pin: players’ systems must trust the authority of the node’s certificate, or add --pin ' +
        '(no node runs on this machine)\n',
    );
  });

  it('with --qr prints a code too, which reads as that line', async () => {
    const { stdout, stderr } = await issue('--qr', '--node', 'relay.example.net', '--pin', PIN);
    const [link, ...code] = stdout.trimEnd().split('\n');
    expect(stderr).toBe('');
    expect(code.join('')).toMatch(/^[█▀▄ ]+$/);
    // It fits a usual terminal.
    expect(code[0].length).toBeLessThanOrEqual(80);
    expect(code.length).toBeLessThanOrEqual(40);
    expect(scanned(code)).toBe(link);
  });

  it.each([
    [['--link'], '--link needs --node HOST[:PORT]: what players call the node'],
    [['--qr'], '--qr needs --node HOST[:PORT]'],
    [['--node', 'a.net'], '--node belongs to --link: a ticket alone names no node'],
    [['--pin', PIN], '--pin belongs to --link'],
    [['--state-dir', 'state'], '--state-dir belongs to --link'],
    [['--link', '--node', 'a.net', '--pin', PIN, '--state-dir', 'state'], '--state-dir is where --link finds'],
    [['--link', '--node', 'a b'], '--node: the node of an invitation is a name or the address of one machine, and a port; got "a b:4433"'],
    [['--link', '--node', '0.0.0.0'], 'got "0.0.0.0:4433"'],
    [['--link', '--node', 'a.net:0'], 'got "a.net:0"'],
    [['--link', '--node', 'a:b:c'], '--node: got "a:b:c", allowed is HOST[:PORT]'],
    [['--link', '--node', 'a.net', '--pin', 'abc'], '--pin: a pin is sha256// and 32 bytes in base64'],
  ])('is refused in one line with exit code 2: %j', async (args, words) => {
    const { code, stdout, stderr } = await issue(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^lightspeed-proxy: .*\n$/);
    expect(stderr).toContain(words);
  });
});

describe('a QR code on a terminal', () => {
  it('is white on black in any colours of its own', () => {
    const lines = qrLines('lightspeed://v1/', true);
    expect(lines.every((line) => line.startsWith('\u001b[97;40m') && line.endsWith('\u001b[0m'))).toBe(true);
    const plain = lines.map((line) => line.slice('\u001b[97;40m'.length, -'\u001b[0m'.length));
    expect(plain).toEqual(qrLines('lightspeed://v1/', false));
    expect(plain[0].length).toBe(qrColumns('lightspeed://v1/'));
  });
});
