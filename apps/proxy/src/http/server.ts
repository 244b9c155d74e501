import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SocketAddress } from '@lightspeed/wire';
import { formatSocketAddress } from '@lightspeed/wire';
import { bindError } from '../base/node-error.ts';
import { health } from './health.ts';
import { createMetrics } from './metrics.ts';
import type { NodeView } from './node-view.ts';
import { limitConnections } from './waiting-connections.ts';

/** Importing it evaluates all of its exports, and with `WebSocket` comes all of Node's fetch: 17 MB. */
const { createServer } = process.getBuiltinModule('node:http');

/** The HTTP server of metrics and health, while it listens. */
export interface HttpServer {
  readonly address: SocketAddress;
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** These pages are for one operator's programs: whoever is slow or greedy is not one of them. */
const LIMITS = {
  requestTimeout: 5_000,
  headersTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8_192,
};
const MAX_CONNECTIONS = 64;

/**
 * Serves GET /health and GET /metrics.
 * @throws {NodeError} if the address cannot be had.
 */
export async function startHttp(bind: SocketAddress, node: NodeView): Promise<HttpServer> {
  const metrics = node.config.metricsEnabled ? createMetrics(node) : undefined;
  const pages: Record<string, () => Page | Promise<Page>> = {
    '/health': () => {
      const report = health(node);
      const status = report.status === 'ok' || report.status === 'degraded' ? 200 : 503;
      return { status, type: 'application/json', body: `${JSON.stringify(report, undefined, 2)}\n` };
    },
  };
  if (metrics !== undefined) {
    pages['/metrics'] = async () => ({ status: 200, type: metrics.contentType, body: await metrics.metrics() });
  }
  const server = createServer(LIMITS, (request, response) => {
    answer(pages, request, response).catch(() => response.destroy());
  });
  limitConnections(server, MAX_CONNECTIONS);
  server.listen(bind.port, bind.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw bindError(error, 'HTTP', formatSocketAddress(bind), '--http-bind');
  }
  server.on('error', () => {
    // A connection that could not be accepted, for want of descriptors for example: no reason for the node to end.
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    address: { host: address, port },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  pages: Readonly<Record<string, () => Page | Promise<Page>>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path] = (request.url ?? '/').split('?');
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined) {
    send(response, { status: 404, type: 'text/plain', body: `nothing here; try ${Object.keys(pages).join(' or ')}\n` });
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    send(response, { status: 405, type: 'text/plain', body: 'GET and HEAD only\n' });
  } else {
    send(response, await page());
  }
}

/** The body of an answer to HEAD is left out by node:http. */
function send(response: ServerResponse, { status, type, body }: Page): void {
  response.writeHead(status, {
    'content-type': type.includes('charset') ? type : `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}
