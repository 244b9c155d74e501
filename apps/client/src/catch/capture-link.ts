import { CaptureError, TRIAL_SERVER } from '@lightspeed/capture';
import type { CapturedFlow, CaptureClient, FlowAddress } from '@lightspeed/capture';
import { closeFd } from '@lightspeed/udp';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import type { CaptureEvent, CaughtFlow } from '../ingress/transparent/messages.ts';
import type { RunningTunnel } from '../run/running-tunnel.ts';

/** Where the trial's datagrams go. */
export const TRIAL_ENDPOINT: Endpoint = { ip: (parseIpv4(TRIAL_SERVER.ip) ?? 0) >>> 0, port: TRIAL_SERVER.port };

/** Most servers that are told of where everything goes directly, so that a server browser does not fill the terminal. */
const MOST_DIRECT_TOLD = 10;

/** Hears of what is caught. */
export interface CaptureNews {
  /** What a user should know. */
  told(text: string): void;
  /** A flow to a server begins, by a node or directly. Further ones to the same server may begin without a word. */
  begun(server: FlowAddress, isDirect: boolean): void;
}

/** Carries between a tunnel's data plane, which has no rights, and the helper, which has. */
export class CaptureLink {
  readonly #helper: CaptureClient;
  readonly #tunnel: RunningTunnel;
  readonly #news: CaptureNews;
  readonly #answerFds = new Set<number>();
  /** Sockets of programs that were told of already. */
  readonly #peers = new Set<string>();
  readonly #refusals = new Set<string>();
  readonly #directServers = new Set<string>();

  constructor(helper: CaptureClient, tunnel: RunningTunnel, news: CaptureNews) {
    this.#helper = helper;
    this.#tunnel = tunnel;
    this.#news = news;
    tunnel.on('capture', (event) => void this.#take(event));
    tunnel.on('closed', () => this.#closeAll());
  }

  async #take(event: CaptureEvent): Promise<void> {
    try {
      switch (event.type) {
        case 'answer-wanted':
          await this.#answer(event.flow);
          break;
        case 'answer-closed':
          this.#close(event.fd);
          break;
        case 'direct':
          await this.#helper.direct(capturedFlow(event.flow), event.datagram);
          this.#begunDirectly(capturedFlow(event.flow).server);
          break;
        case 'peers':
          await this.#leave({ ip: formatIpv4(event.sourceIp >>> 0), port: event.sourcePort });
          break;
      }
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      // The end of the capture is told by an event of its own.
      if (error.code !== 'ended' && !this.#refusals.has(error.code)) this.#news.told(`the helper refuses: ${error.message}`);
      this.#refusals.add(error.code);
    }
  }

  async #answer(flow: CaughtFlow): Promise<void> {
    const { serverIp, serverPort } = flow;
    let fd: number | undefined;
    try {
      fd = await this.#helper.answer(capturedFlow(flow));
      this.#answerFds.add(fd);
      if (serverIp >>> 0 !== TRIAL_ENDPOINT.ip) this.#news.begun(capturedFlow(flow).server, false);
    } finally {
      this.#tunnel.answerCapture({ type: 'capture-answer', serverIp, serverPort, fd });
    }
  }

  #begunDirectly(server: FlowAddress): void {
    const name = `${server.ip}:${server.port}`;
    if (this.#directServers.size >= MOST_DIRECT_TOLD || this.#directServers.has(name)) return;
    this.#directServers.add(name);
    this.#news.begun(server, true);
  }

  async #leave(source: { readonly ip: string; readonly port: number }): Promise<void> {
    const name = `${source.ip}:${source.port}`;
    if (this.#peers.has(name)) return;
    this.#peers.add(name);
    this.#news.told(`${name} speaks with very many servers, as server browsers and torrents do: what it begins now goes directly`);
    await this.#helper.peers(source);
  }

  #close(fd: number): void {
    if (this.#answerFds.delete(fd)) closeFd(fd);
  }

  #closeAll(): void {
    for (const fd of this.#answerFds) closeFd(fd);
    this.#answerFds.clear();
  }
}

/** As the helper takes it. */
export function capturedFlow({ sourceIp, sourcePort, serverIp, serverPort }: CaughtFlow): CapturedFlow {
  return {
    source: { ip: formatIpv4(sourceIp >>> 0), port: sourcePort },
    server: { ip: formatIpv4(serverIp >>> 0), port: serverPort },
  };
}
