import { request as httpRequest } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PageServer } from '../src/page/page-server.ts';
import type { PageServerOptions } from '../src/page/page-server.ts';
import type { PageRule, PageState } from '../src/page/page-state.ts';
import { madeUpMatch } from './support/made-up-match.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** A page, and how to ask it for something with any headers. */
async function served(options: Partial<PageServerOptions> = {}) {
  const { model } = madeUpMatch();
  const server = await PageServer.listen(model, { host: '127.0.0.1', port: 0, ...options });
  onTestFinished(() => server.close());
  const [, port] = server.address.split(':');
  const ask = async (method: string, path: string, headers: OutgoingHttpHeaders = {}, body = ''): Promise<Answer> => {
    const asked = httpRequest({ host: '127.0.0.1', port, method, path, agent: false, headers: { host: server.address, ...headers } });
    asked.end(body);
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  };
  const own = { origin: `http://${server.address}` };
  const enter = async (): Promise<string> => {
    const { headers } = await ask('POST', '/session', own, server.access.newToken());
    return headers['set-cookie']?.[0].split(';')[0] ?? '';
  };
  return { server, model, ask, own, enter, port: Number(port) };
}

const codeOf = ({ text }: Answer): unknown => (JSON.parse(text) as { code?: unknown }).code;

describe('who may see the page', () => {
  it('is a browser with a token, which is used up by it, and gets a cookie that no script and no other page can use', async () => {
    const { server, ask, own } = await served();
    const token = server.newUrl().split('#')[1];

    const first = await ask('POST', '/session', own, token);
    expect(first.status).toBe(200);
    expect(first.headers['set-cookie']?.[0]).toMatch(/^lightspeed-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    const again = await ask('POST', '/session', own, token);
    expect([again.status, codeOf(again)]).toEqual([401, 'ERR_PAGE_ACCESS']);
    const cookie = first.headers['set-cookie']?.[0].split(';')[0] ?? '';
    expect((await ask('GET', '/state', { cookie })).status).toBe(200);
  });

  it('is nobody without a cookie or with a wrong one', async () => {
    const { server, ask } = await served();

    for (const path of ['/state', '/events', '/report.json']) {
      expect((await ask('GET', path)).status).toBe(401);
      expect((await ask('GET', path, { cookie: `lightspeed-${server.address.split(':')[1]}=x` })).status).toBe(401);
      expect((await ask('GET', path, { authorization: 'Bearer x' })).status).toBe(401);
    }
  });

  it('is a program that knows the secret, which alone may ask for new tokens', async () => {
    const { server, ask, own, enter } = await served();
    const authorization = `Bearer ${server.access.secret}`;

    expect((JSON.parse((await ask('GET', '/state', { authorization })).text) as PageState).command).toBe('run');
    const { url } = JSON.parse((await ask('POST', '/token', { authorization })).text) as { url: string };
    expect((await ask('POST', '/session', own, url.split('#')[1])).status).toBe(200);
    expect((await ask('POST', '/token', { ...own, cookie: await enter() })).status).toBe(401);
  });

  it('keeps few tokens and few browsers: the oldest give way', async () => {
    const { server, ask, own, enter } = await served();
    const token = server.access.newToken();
    for (let more = 0; more < 4; more++) server.access.newToken();
    expect((await ask('POST', '/session', own, token)).status).toBe(401);

    const cookie = await enter();
    for (let more = 0; more < 16; more++) await enter();
    expect((await ask('GET', '/state', { cookie })).status).toBe(401);
  });
});

describe('what other web pages make a browser send', () => {
  it('is refused by a name that leads here', async () => {
    const { ask, enter, port } = await served();
    const cookie = await enter();

    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.2:${port}`]) {
      const answer = await ask('GET', '/state', { host, cookie });
      expect([host, answer.status, codeOf(answer)]).toEqual([host, 421, 'ERR_PAGE_HOST']);
    }
    expect((await ask('GET', '/state', { host: `localhost:${port}`, cookie })).status).toBe(200);
  });

  it('is refused with another origin, and changes without one', async () => {
    const rules: PageRule[] = [];
    const { ask, enter } = await served({ onChange: (rule) => Promise.resolve(void rules.push(rule)) });
    const cookie = await enter();
    const body = JSON.stringify({ servers: '203.0.113.0/24', way: 'direct' });

    for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, {}]) {
      expect(codeOf(await ask('POST', '/rule', { cookie, ...headers }, body))).toBe('ERR_PAGE_ORIGIN');
    }
    expect(rules).toEqual([]);
  });

  it('is refused where the browser says that it comes from another site', async () => {
    const { ask, enter } = await served();
    const cookie = await enter();

    for (const site of ['cross-site', 'same-site', 'x']) {
      expect(codeOf(await ask('GET', '/state', { cookie, 'sec-fetch-site': site }))).toBe('ERR_PAGE_SITE');
    }
    expect((await ask('GET', '/state', { cookie, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });
});

describe('what the server answers', () => {
  it('comes with headers that let nothing in from other machines, on refusals too', async () => {
    const { ask } = await served();

    for (const path of ['/', '/page.js', '/uplot.js', '/state', '/nowhere']) {
      const { headers } = await ask('GET', path);
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['referrer-policy']).toBe('no-referrer');
    }
  });

  it('is only the files of the page, whatever the path', async () => {
    const { ask } = await served();

    for (const path of ['/../package.json', '/%2e%2e/package.json', '/page/page.js', '//page.js', '/index.html/', '/__proto__']) {
      expect((await ask('GET', path)).status).toBe(404);
    }
    expect((await ask('PUT', '/', { origin: 'x' })).status).toBe(403);
    expect((await ask('DELETE', '/')).status).toBe(405);
  });

  it('is a report as a file, without what lets anybody in', async () => {
    const { server, ask, enter } = await served({ settings: { game: 'xonotic' } });
    const { headers, text } = await ask('GET', '/report.json', { cookie: await enter() });

    expect(headers['content-disposition']).toContain('lightspeed-report.json');
    const report = JSON.parse(text) as PageState & { settings: object };
    expect(report.settings).toEqual({ game: 'xonotic' });
    expect(report.series?.points.length).toBe(300);
    expect(text).not.toContain(server.access.secret);
  });
});

describe('changes of rules', () => {
  it('reach whoever keeps them, if they are rules', async () => {
    const rules: PageRule[] = [];
    const { ask, own, enter } = await served({ onChange: (rule) => Promise.resolve(void rules.push(rule)) });
    const headers = { ...own, cookie: await enter() };
    const change = (body: unknown) => ask('POST', '/rule', headers, typeof body === 'string' ? body : JSON.stringify(body));

    expect((await change({ game: 'xonotic', way: 'node' })).status).toBe(200);
    expect((await change({ servers: '203.0.113.0/24', way: 'evidence' })).status).toBe(200);
    const wrong = [
      '',
      '{',
      'null',
      {},
      { servers: '203.0.113.0/24' },
      { servers: '203.0.113.0/33', way: 'node' },
      { servers: '1.2.3.999', way: 'node' },
      { servers: '1.2.3.4', game: 'x', way: 'node' },
      { game: '', way: 'node' },
      { game: 'x', way: 'up' },
    ];
    for (const body of wrong) expect(codeOf(await change(body))).toBe('ERR_PAGE_RULE');
    expect(rules).toEqual([
      { game: 'xonotic', way: 'node' },
      { servers: '203.0.113.0/24', way: 'evidence' },
    ]);
  });

  it('are refused where nobody takes them, and where they are not kept with the reason', async () => {
    const body = JSON.stringify({ game: 'xonotic', way: 'node' });
    const fixed = await served();
    expect(codeOf(await fixed.ask('POST', '/rule', { ...fixed.own, cookie: await fixed.enter() }, body))).toBe('ERR_PAGE_FIXED');

    const full = await served({ onChange: () => Promise.reject(new Error('the disk is full')) });
    const answer = await full.ask('POST', '/rule', { ...full.own, cookie: await full.enter() }, body);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([409, { code: 'ERR_PAGE_NOT_KEPT', message: 'the disk is full' }]);
  });
});

describe('what costs memory', () => {
  it('are not bodies: long ones are refused', async () => {
    const { ask, own } = await served();

    expect(codeOf(await ask('POST', '/session', own, 'x'.repeat(2_049)))).toBe('ERR_PAGE_BODY');
  });

  it('are not readers: the ninth is refused, and one that ends makes room', async () => {
    const { server, ask, port } = await served();
    const authorization = `Bearer ${server.access.secret}`;
    const read = async () => {
      const asked = httpRequest({
        host: '127.0.0.1',
        port,
        path: '/events',
        agent: false,
        headers: { host: server.address, authorization },
      });
      asked.on('error', () => undefined).end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      return { asked, response };
    };
    const readers = [];
    for (let reader = 0; reader < 8; reader++) readers.push(await read());

    expect(codeOf(await ask('GET', '/events', { authorization }))).toBe('ERR_PAGE_READERS');
    readers[0].asked.destroy();
    await expect.poll(async () => (await read()).response.statusCode).toBe(200);
  });

  it('are not readers that do not read: they are dropped', async () => {
    const { server, model, port } = await served();
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`GET /events HTTP/1.1\r\nHost: ${server.address}\r\nAuthorization: Bearer ${server.access.secret}\r\n\r\n`);
    await once(socket, 'readable');
    const flows = Array.from({ length: 200 }, (_, flow) => ({ what: `${flow}`.repeat(80), why: 'x'.repeat(300), packets: flow }));
    model.update({ notCaught: flows });

    const dropped = once(socket, 'close');
    socket.on('error', () => undefined);
    let isOpen = true;
    void dropped.then(() => (isOpen = false));
    // Nothing is taken from the socket, so its buffers and the system's fill.
    for (let event = 0; event < 2_000 && isOpen; event++) {
      server.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.resume();
    await dropped;
  });

  it('is not what strangers send: any bytes leave the server as it was', async () => {
    const { ask, port } = await served();

    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.string().map((text) => Buffer.from(`GET /${text} HTTP/1.1\r\nHost: ${text}\r\n\r\n`)),
          fc.string().map((text) => Buffer.from(`POST /session HTTP/1.1\r\nContent-Length: ${text}\r\n\r\n${text}`)),
        ),
        async (bytes) => {
          const socket = connect(port, '127.0.0.1');
          socket.on('error', () => undefined).resume();
          socket.end(bytes);
          await once(socket, 'close');
        },
      ),
      { numRuns: 60 },
    );
    expect((await ask('GET', '/')).status).toBe(200);
  });
});
