import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Why a request is refused, as the answer says it: a status of HTTP, a stable code, and words. */
export interface PageRefusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Longest body: a token or a rule has a few hundred bytes. */
const MAX_BODY_BYTES = 2_048;
const BODY_TIMEOUT_MS = 5_000;

/**
 * Refuses what another web page may have made a browser send: by a name of its own that leads here, or across origins.
 * @param hosts what `Host` may be.
 */
export function foreignRequest(method: string, headers: IncomingHttpHeaders, hosts: readonly string[]): PageRefusal | undefined {
  const { host = '', origin } = headers;
  if (!hosts.includes(host.toLowerCase())) {
    return { status: 421, code: 'ERR_PAGE_HOST', message: `this page is at ${hosts.join(' or ')} only` };
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return { status: 403, code: 'ERR_PAGE_SITE', message: 'another web page has asked for this; open the address from the terminal' };
  }
  const isOwn = origin === `http://${host.toLowerCase()}`;
  const isMissing = origin === undefined && (method !== 'POST' || headers.authorization !== undefined);
  if (isOwn || isMissing) return undefined;
  return { status: 403, code: 'ERR_PAGE_ORIGIN', message: 'a change has to come from the page itself' };
}

/** The value of a cookie; undefined if there is none of that name. */
export function cookieOf({ cookie = '' }: IncomingHttpHeaders, name: string): string | undefined {
  const found = cookie.split(';').find((part) => part.trimStart().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1);
}

/** What `Authorization: Bearer` has; undefined without it. */
export function bearerOf({ authorization = '' }: IncomingHttpHeaders): string | undefined {
  return authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : undefined;
}

/** Reads the body of a request. @returns undefined if it is too long or too slow, or its sender has gone. Never rejects. */
export function readBody(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (text: string | undefined) => {
      clearTimeout(timeout);
      request.removeAllListeners('data');
      resolve(text);
    };
    const timeout = setTimeout(() => end(undefined), BODY_TIMEOUT_MS);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) end(undefined);
      else chunks.push(chunk);
    });
    request.once('end', () => end(Buffer.concat(chunks).toString('utf8')));
    request.once('error', () => end(undefined));
    request.once('close', () => end(undefined));
  });
}
