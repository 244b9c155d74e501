import { formatEndpoint, formatSocketAddress } from '@lightspeed/wire';
import type { Dialect } from '@lightspeed/wire';
import type { MoveReason } from '../control/node-choice.ts';
import { ClientError } from '../base/errors.ts';
import type { RunningTunnel } from '../run/running-tunnel.ts';
import type { Interruption } from './interruption.ts';
import { LocalNews } from './local-news.ts';
import { PathMeter } from './path-meter.ts';
import { refusedDestinationText } from './refusals.ts';
import { ProtectionNews } from './protection-news.ts';
import type { ParsedProtect } from '../settings/protection-settings.ts';
import type { TunnelReport } from './tunnel-report.ts';
import { TrafficMeter } from './traffic.ts';

/** A node that has not answered by then is not there. */
const FIRST_ANSWER_MS = 10_000;
const SAMPLE_MS = 1_000;
const MOVES: Readonly<Record<MoveReason, string>> = {
  lost: 'the node does not answer any more',
  draining: 'the node will stop',
  faster: 'another node is much nearer',
};

/**
 * Reports until the user has enough.
 * @param protect the protection that was asked for.
 * @param established is called when the node has answered, before anything else is told; what it throws ends it.
 * @returns what went wrong, if anything.
 */
export async function carried(
  tunnel: RunningTunnel,
  { dialect, protect }: { readonly dialect: Dialect; readonly protect: ParsedProtect },
  report: TunnelReport,
  { asked }: Pick<Interruption, 'asked'>,
  established?: () => Promise<void>,
): Promise<ClientError | undefined> {
  const startedMs = performance.now();
  const failed = new Promise<ClientError>((resolve) => tunnel.once('failed', resolve));
  try {
    await Promise.race([tunnel.established(FIRST_ANSWER_MS), asked]);
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
  if (tunnel.answered) {
    const how = dialect === 'standard' ? 'connected' : 'sending (whether the node listens shows with its first answer)';
    report.event('established', `${how} after ${(performance.now() - startedMs).toFixed(0)} ms; Ctrl-C ends it`);
  }
  tellNews(tunnel, report);
  try {
    if (tunnel.answered) await established?.();
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
  const stopSampling = sampleEverySecond(tunnel, protect, report);
  const failure = await Promise.race([failed, asked]);
  stopSampling();
  return failure ?? undefined;
}

function tellNews(tunnel: RunningTunnel, report: TunnelReport): void {
  tunnel.on('established', () => report.event('established', 'the node answers again'));
  tunnel.on('lost', () => report.event('lost', 'the node does not answer any more; trying on'));
  tunnel.on('ended-by-node', (retryInMs = 0) => {
    report.event('ended-by-node', `the node has ended the session; asking for a new one in ${retryInMs / 1_000} s`, {
      retryInMs,
    });
  });
  tunnel.on('moved', ({ name }, why) => {
    report.event('moved', `${MOVES[why]}; going on by ${name}. Game servers see another address now`, { node: name, why });
  });
  tunnel.on('draining', ({ name }, ms) => {
    report.event('draining', `node ${name} will stop${ms > 0 ? ` in ${Math.round(ms / 1_000)} s` : ' soon'}`, { node: name, ms });
  });
  tunnel.on('control', ({ name }, state, text) => {
    if (state !== 'tagged') report.trouble(state === 'lost' || state === 'refused' ? text : undefined);
    report.event('control', `control connection with ${name}: ${text}`, { node: name, state, text });
  });
  tunnel.on('destinationRefused', ({ name }, destination) => {
    const server = formatEndpoint(destination.ip, destination.port);
    const fields = { node: name, gameServer: server, reason: destination.reason };
    report.event('destination-refused', refusedDestinationText(name, destination), fields);
  });
  tunnel.on('protection', (step, reason) => report.event('protection', `protection up: ${reason}`, { direction: 'up', step, reason }));
  tunnel.on('path', (path, up) => {
    // With one path it says what `established` and `lost` say.
    if (tunnel.stats().paths.length === 1) return;
    report.event('path', `path ${path + 1} ${up ? 'works' : 'does not work any more'}`, { path, up });
  });
  tunnel.on('gameServer', (text) => report.event('game-server', text, { text }));
  tunnel.on('socks', (text) => report.event('socks', text, { text }));
  tunnel.on('rebound', (path, address) => {
    const local = formatSocketAddress(address);
    report.event('rebound', `this machine’s addresses have changed; path ${path + 1} goes on from ${local}`, { path, local });
  });
}

/** Says which nodes do not let others through than the game servers to which programs have sent, though they were asked to. */
export function tellRefusedFiltering(tunnel: RunningTunnel, report: TunnelReport): void {
  for (const { name, session } of tunnel.nodes) {
    if (session === undefined || session.hearsAnySource) continue;
    const text = `node ${name} lets only those through to whom the game has sent: its operator has not set egress_filtering = "endpoint-independent"`;
    report.event('egress-filtering', text, { node: name });
  }
}

/** @returns what ends it. */
function sampleEverySecond(tunnel: RunningTunnel, protect: ParsedProtect, report: TunnelReport): () => void {
  const meter = new TrafficMeter(performance.now());
  const pathMeter = new PathMeter();
  const localNews = new LocalNews();
  const protectionNews = new ProtectionNews(protect);
  const timer = setInterval(() => {
    const stats = tunnel.stats();
    report.sample(stats, meter.sample(stats, performance.now()), pathMeter.sample(stats.paths), tunnel.nodes);
    const news = [...localNews.sample(stats, performance.now()), ...protectionNews.sample(stats)];
    for (const { event, text, fields } of news) report.event(event, text, fields);
  }, SAMPLE_MS);
  return () => clearInterval(timer);
}
