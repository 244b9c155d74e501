import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { EventStream } from './event-stream.ts';
import { PageAccess } from './page-access.ts';
import { readPageFiles } from './page-files.ts';
import type { PageModel } from './page-model.ts';
import { bearerOf, cookieOf, foreignRequest, readBody } from './page-request.ts';
import type { PageRefusal } from './page-request.ts';
import type { PageRule } from './page-state.ts';
import { RULE_FORM, parseRuleChange } from './rule-change.ts';

const EVENT_MS = 1_000;
const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 8 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** Nothing comes from other machines, nothing is kept, and no other page may show this one. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/** How a page's server is made. */
export interface PageServerOptions {
  /** An IPv4 address of this machine, never `0.0.0.0`: the page checks by which address it is asked for. */
  readonly host: string;
  /** 0 leaves it to the system. */
  readonly port: number;
  /** Lays a rule down; rejects with a reason for people. Without it the page offers no changes. */
  readonly onChange?: ((rule: PageRule) => Promise<void>) | undefined;
  /** What a report should say of the settings, without secrets. */
  readonly settings?: object | undefined;
}

/**
 * Serves the live page (docs/playing.md, The live page). Whatever is asked of it, it answers with a page, a state or a refusal; it never
 * throws. Its connections, readers and bodies are bounded.
 */
export class PageServer {
  readonly access = new PageAccess();
  /** `ADDRESS:PORT`. */
  readonly address: string;
  readonly #server: Server;
  readonly #model: PageModel;
  readonly #options: PageServerOptions;
  readonly #files = readPageFiles();
  readonly #stream = new EventStream();
  readonly #hosts: readonly string[];
  readonly #cookie: string;
  readonly #timer: NodeJS.Timeout;
  #lastMs = 0;

  private constructor(server: Server, model: PageModel, options: PageServerOptions) {
    const { port } = server.address() as AddressInfo;
    this.address = `${options.host}:${port}`;
    this.#hosts = options.host.startsWith('127.') ? [this.address, `localhost:${port}`] : [this.address];
    // Cookies of one host are sent to all of its ports.
    this.#cookie = `lightspeed-${port}`;
    this.#server = server;
    this.#model = model;
    this.#options = options;
    server.on('request', (request, response) => this.#take(request, response));
    server.on('clientError', (_error, socket) => socket.destroy());
    this.#timer = setInterval(() => this.tick(), EVENT_MS).unref();
  }

  /** @throws {Error} (rejection) of `node:net` if the address cannot be had. */
  static async listen(model: PageModel, options: PageServerOptions): Promise<PageServer> {
    const server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    });
    server.maxConnections = MAX_CONNECTIONS;
    server.listen(options.port, options.host);
    await once(server, 'listening');
    return new PageServer(server, model, options);
  }

  /** An address that lets one browser in, once. Its token is behind `#`, which browsers do not send. */
  newUrl(): string {
    return `http://${this.address}/#${this.access.newToken()}`;
  }

  /** Sends what is new to all pages; a timer calls it once a second. */
  tick(): void {
    if (this.#stream.readers === 0) return;
    const state = this.#state(this.#lastMs);
    this.#lastMs = state.series?.points.at(-1)?.atMs ?? this.#lastMs;
    this.#stream.send('state', state);
  }

  /** Tells open pages that the client has ended, and closes. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#model.update({ phase: 'ended' });
    this.#stream.end({ why: 'the client has ended' });
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    // Whoever does not read the last event is not waited for.
    const stuck = setTimeout(() => this.#server.closeAllConnections(), EVENT_MS);
    await closed;
    clearTimeout(stuck);
  }

  #state(afterMs?: number): ReturnType<PageModel['state']> {
    return this.#model.state(Date.now(), this.#options.onChange !== undefined, afterMs);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    request.on('error', () => response.destroy());
    response.on('error', () => response.destroy());
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const { method = '', headers } = request;
    const foreign = foreignRequest(method, headers, this.#hosts);
    if (foreign !== undefined) return refuse(response, foreign);
    const [path] = (request.url ?? '').split('?');
    const file = this.#files.get(path);
    if (method === 'GET' && file !== undefined) return answer(response, file.type, file.bytes);
    if (method === 'GET') return this.#show(path, request, response);
    if (method === 'POST') return void this.#change(path, request, response);
    refuse(response, { status: 405, code: 'ERR_PAGE_METHOD', message: 'allowed are GET and POST' });
  }

  #mayEnter({ headers }: IncomingMessage): boolean {
    return this.access.knowsBrowser(cookieOf(headers, this.#cookie)) || this.access.knowsProgram(bearerOf(headers));
  }

  #show(path: string, request: IncomingMessage, response: ServerResponse): void {
    if (!['/state', '/events', '/report.json'].includes(path)) return refuse(response, NOT_FOUND);
    if (!this.#mayEnter(request)) return refuse(response, NOT_LET_IN);
    if (path === '/state') return answerJson(response, this.#state());
    if (path === '/report.json') {
      response.setHeader('content-disposition', 'attachment; filename="lightspeed-report.json"');
      return answerJson(response, { report: 1, ...this.#state(), settings: this.#options.settings ?? {} });
    }
    if (this.#stream.isFull) return refuse(response, TOO_MANY);
    this.#stream.add(response, this.#state());
  }

  async #change(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { onChange } = this.#options;
    if (!['/session', '/token', '/rule'].includes(path)) return refuse(response, NOT_FOUND);
    if (path === '/token' && !this.access.knowsProgram(bearerOf(request.headers))) return refuse(response, NOT_LET_IN);
    if (path === '/rule' && !this.#mayEnter(request)) return refuse(response, NOT_LET_IN);
    const body = await readBody(request);
    if (body === undefined) return refuse(response, TOO_LONG);
    if (path === '/token') return answerJson(response, { url: this.newUrl() });
    if (path === '/session') {
      const value = this.access.exchange(body);
      if (value === undefined) return refuse(response, NOT_LET_IN);
      response.setHeader('set-cookie', `${this.#cookie}=${value}; HttpOnly; SameSite=Strict; Path=/`);
      return answerJson(response, { ok: true });
    }
    if (onChange === undefined) return refuse(response, NO_CHANGES);
    const rule = parseRuleChange(body);
    if (rule === undefined) return refuse(response, { status: 400, code: 'ERR_PAGE_RULE', message: `a rule is ${RULE_FORM}` });
    try {
      await onChange(rule);
      answerJson(response, { ok: true });
      this.tick();
    } catch (error) {
      const message = error instanceof Error ? error.message : 'the rule could not be kept';
      refuse(response, { status: 409, code: 'ERR_PAGE_NOT_KEPT', message });
    }
  }
}

const NOT_FOUND: PageRefusal = { status: 404, code: 'ERR_PAGE_PATH', message: 'there is nothing here' };
const NOT_LET_IN: PageRefusal = {
  status: 401,
  code: 'ERR_PAGE_ACCESS',
  message: 'this address was used already, or is of an earlier run; "lightspeed status --url" prints a new one',
};
const TOO_MANY: PageRefusal = { status: 503, code: 'ERR_PAGE_READERS', message: 'too many pages are open; close one of them' };
const TOO_LONG: PageRefusal = { status: 413, code: 'ERR_PAGE_BODY', message: 'the body is too long, or came too slowly' };
const NO_CHANGES: PageRefusal = { status: 409, code: 'ERR_PAGE_FIXED', message: 'this client takes no changes' };

function answer(response: ServerResponse, type: string, bytes: Buffer | string): void {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(bytes) }).end(bytes);
}

function answerJson(response: ServerResponse, value: object): void {
  answer(response, 'application/json; charset=utf-8', JSON.stringify(value));
}

/** The connection ends with it, so that nobody has to read the rest of a body. */
function refuse(response: ServerResponse, { status, code, message }: PageRefusal): void {
  if (response.headersSent) return;
  const body = JSON.stringify({ code, message });
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' }).end(body);
}
