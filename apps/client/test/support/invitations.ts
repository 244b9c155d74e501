import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { formatInvitation, issueTicket } from '@lightspeed/security';
import type { Invitation, TicketFields } from '@lightspeed/security';
import { SigningKey, sha256 } from '@lightspeed/security/node';
import { vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { Terminal } from '../../src/cli/terminal.ts';

const ISSUER = SigningKey.generate();
/** Seconds since 1970 at the start of the tests. */
export const NOW = Math.floor(Date.now() / 1_000);
export const PIN = new Uint8Array(32).fill(7);

export function ticketOf(name: string, changes: Partial<TicketFields> = {}): Uint8Array {
  const fields = { id: '000102030405060708090a0b0c0d0e0f', name, issuedAt: NOW - 10, expiresAt: NOW + 86_400, maxSessions: 2, ...changes };
  return issueTicket(fields, ISSUER, sha256);
}

export const ALICE = ticketOf('alice');

/** An operator's line for alice. */
export function lineOf(changes: Partial<Invitation> = {}): string {
  const node = { host: 'relay.example.net', port: 4433 };
  return formatInvitation({ node, pin: PIN, ticket: ALICE, issuer: ISSUER.publicKey, ...changes }, sha256);
}

/** A user's own folder of settings, in which this process and its children find theirs. */
export class Home {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Home> {
    const folder = await mkdtemp(join(tmpdir(), 'lightspeed-home-'));
    vi.stubEnv('XDG_CONFIG_HOME', folder);
    vi.stubEnv('XDG_STATE_HOME', join(folder, 'state'));
    return new Home(folder);
  }

  async remove(): Promise<void> {
    vi.unstubAllEnvs();
    await rm(this.folder, { recursive: true });
  }

  get file(): string {
    return join(this.folder, 'lightspeed', 'config.toml');
  }

  async write(text: string): Promise<void> {
    await mkdir(join(this.folder, 'lightspeed'), { recursive: true });
    await writeFile(this.file, text, { mode: 0o600 });
  }

  written(): Promise<string> {
    return readFile(this.file, 'utf8');
  }

  isWritten(): Promise<boolean> {
    return stat(this.file).then(
      () => true,
      () => false,
    );
  }
}

/** Runs `lightspeed import` on this thread. */
export async function runImport(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const texts = ['', ''];
  const [out, err] = texts.map(
    (_, index) =>
      new Writable({
        write(chunk: Uint8Array, _encoding, done) {
          texts[index] += Buffer.from(chunk).toString();
          done();
        },
      }) as unknown as NodeJS.WriteStream,
  );
  const code = await runProgram(['import', ...args], new Terminal(out, err));
  return { code, stdout: texts[0], stderr: texts[1] };
}
