import type { PageState } from '../page/page-state.ts';
import { ClientError } from '../base/errors.ts';
import { readNotes } from './client-notes.ts';
import type { ClientNote } from './client-notes.ts';
import { Interruption } from './interruption.ts';
import { clientsFolder } from './state-folder.ts';
import { describeState } from './status-text.ts';
import type { Terminal } from './terminal.ts';

const ANSWER_TIMEOUT_MS = 3_000;
const WATCH_MS = 1_000;

/** The options of `status`, as the command line gives them. */
export interface StatusOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly url?: boolean;
}

/** `lightspeed status`: what the live pages of this user's clients show. @returns the exit code: 1 if no client runs. */
export async function status(options: StatusOptions, terminal: Terminal): Promise<number> {
  using interruption = new Interruption(terminal);
  for (;;) {
    const shown = await showAll(options, terminal);
    if (options.watch !== true || !shown) return shown ? 0 : 1;
    const again = new Promise<'again'>((resolve) => setTimeout(resolve, WATCH_MS, 'again'));
    if ((await Promise.race([again, interruption.asked])) !== 'again') return 0;
  }
}

async function showAll({ json = false, url = false }: StatusOptions, terminal: Terminal): Promise<boolean> {
  let count = 0;
  for (const note of await readNotes(clientsFolder())) {
    const answered = url ? await ask<{ url: string }>(note, '/token', 'POST') : await ask<PageState>(note, '/state', 'GET');
    if (answered === undefined) continue;
    count++;
    if (json) terminal.json({ pid: note.pid, ...answered });
    else if ('words' in answered) for (const line of describeState(answered)) terminal.line(line);
    else terminal.line(answered.url);
  }
  if (count > 0) return true;
  const error = new ClientError('ERR_CLIENT_NO_ANSWER', 'no client of yours runs with a live page; start one, without --page off');
  terminal.failed(error.code, error.message);
  return false;
}

/** @returns undefined if the client does not answer any more. */
async function ask<T>({ address, secret }: ClientNote, path: string, method: string): Promise<T | undefined> {
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const answer = await fetch(`http://${address}${path}`, { method, signal, headers: { authorization: `Bearer ${secret}` } });
    return answer.ok ? ((await answer.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}
