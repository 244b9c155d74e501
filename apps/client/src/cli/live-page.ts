import { formatIpv4 } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import { VERSION } from '../base/version.ts';
import { PageModel } from '../page/page-model.ts';
import { PageServer } from '../page/page-server.ts';
import type { PageServerOptions } from '../page/page-server.ts';
import type { Evidence } from './evidence.ts';
import type { PageArgument } from './endpoint.ts';
import { leaveNote } from './client-notes.ts';
import { clientsFolder } from './state-folder.ts';
import type { Terminal } from './terminal.ts';

const DEFAULT_PAGE = { host: '127.0.0.1', port: 4_480 } as const;

/** A page that is served while a command carries datagrams. */
export interface LivePage {
  readonly model: PageModel;
  /** For a person: it lets one browser in. For programs and log files: without the token. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the page of a command.
 * @param page where; undefined for the usual port, or any other one if that is taken.
 * @param rules takes what the player lays down; undefined if nothing can be changed.
 * @returns undefined if the user wants none, or if none was asked for and none can be had, which is said.
 * @throws {ClientError} (rejection) `ERR_CLIENT_OPEN` if the address that was asked for cannot be had.
 */
export async function openPage(
  command: string,
  page: PageArgument | undefined,
  settings: object,
  terminal: Terminal,
  rules?: Pick<Evidence, 'change'>,
): Promise<LivePage | undefined> {
  if (page === 'off') return undefined;
  const model = new PageModel({ command, version: VERSION, startedAtMs: Date.now() });
  try {
    const server = await listen(model, page, { settings, onChange: rules === undefined ? undefined : (rule) => rules.change(rule) });
    const note = { pid: process.pid, address: server.address, secret: server.access.secret };
    // Without the note the page works all the same.
    const forget = await leaveNote(clientsFolder(), note).catch(() => undefined);
    return {
      model,
      url: terminal.isInteractive ? server.newUrl() : `http://${server.address}/`,
      close: async () => {
        await forget?.();
        await server.close();
      },
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (page !== undefined) throw new ClientError('ERR_CLIENT_OPEN', `--page: the page cannot be served there: ${why}`, { cause: error });
    terminal.error(`there is no live page: ${why}`);
    return undefined;
  }
}

async function listen(
  model: PageModel,
  page: Exclude<PageArgument, 'off'> | undefined,
  options: Pick<PageServerOptions, 'settings' | 'onChange'>,
): Promise<PageServer> {
  if (page !== undefined) return PageServer.listen(model, { host: formatIpv4(page.ip), port: page.port, ...options });
  return PageServer.listen(model, { ...DEFAULT_PAGE, ...options }).catch(() =>
    PageServer.listen(model, { ...DEFAULT_PAGE, ...options, port: 0 }),
  );
}
