import type { PageLoss, PageLossComparison, PageState } from '../page/page-state.ts';
import { evidenceText, shareText, sumOf, wayText } from '../page/page-words.ts';

/** What the live page shows, as lines for a terminal, in the same words (docs/playing.md, The live page). */
export function describeState(state: PageState): string[] {
  const { command, words, series, seenAs, loss, lossCompared, waysNote, warnings } = state;
  const last = series?.points.at(-1);
  return [
    `lightspeed ${command}: ${PHASES[state.phase]}`,
    words.headline,
    ...given(words.sureness, words.rest),
    ...(series === null || last === undefined ? [] : [`round trips to ${series.target}: ${lastRoundTrips(last)}`]),
    ...state.ways.map(({ way, parts }) => {
      const pieces = parts.map(({ name, ms }) => `${name} ${ms.toFixed(1)}`).join(', ');
      return `where the time goes ${wayText(way)}: ${sumOf(parts).toFixed(1)} ms (${pieces})`;
    }),
    ...given(waysNote),
    ...(lossCompared === null ? [] : comparison(lossCompared)),
    `loss from you to the node: ${lossText(loss.up)}`,
    `loss from the node to you: ${lossText(loss.down)}`,
    ...state.flows.map(flowText),
    ...given(words.decided),
    ...state.nodes.map(nodeText),
    ...(state.matrix === null ? [] : matrixLines(state.matrix)),
    `game servers see you as ${seenAs ?? 'an address that the node has not told'}`,
    ...(state.matches ?? []).slice(0, MOST_MATCHES).map(matchText),
    ...notCaughtLines(state.notCaught),
    ...warnings.map((text) => `note: ${text}`),
  ];
}

const PHASES: Readonly<Record<PageState['phase'], string>> = {
  starting: 'starting',
  connected: 'connected',
  lost: 'no answer from the node',
  ended: 'the client has ended',
};
/** A terminal shows the last ones; `lightspeed history` shows all. */
const MOST_MATCHES = 3;

function given(...texts: readonly string[]): string[] {
  return texts.filter((text) => text !== '');
}

function lastRoundTrips({ directMs, nodeMs }: NonNullable<PageState['series']>['points'][number]): string {
  const told = (ms: number | null) => (ms === null ? 'no answer' : `${ms.toFixed(1)} ms`);
  const parts = [directMs === undefined ? '' : `directly ${told(directMs)}`, nodeMs === undefined ? '' : `by the node ${told(nodeMs)}`];
  return given(...parts).join(', ');
}

function comparison({ node, probes, direct, nodeBefore, nodeAfter, note }: PageLossComparison): string[] {
  const figures = `directly ${shareText(direct)}; by ${node} ${shareText(nodeBefore)} without protection, ${shareText(nodeAfter)} with it`;
  return [`lost there and back, by ${probes} probes: ${figures}`, ...given(note ?? '')];
}

function lossText(loss: PageLoss | null): string {
  if (loss === null) return 'the node does not report it';
  if (loss.before === null) return `${loss.packets} packets are too few to judge`;
  const run = loss.meanRun === null ? '' : `, ${loss.meanRun.toFixed(1)} in a row on average`;
  const protection = loss.protection === null ? '' : `; protection: ${loss.protection}`;
  return `${shareText(loss.before)} without protection, ${shareText(loss.after)} with it${run}${protection}`;
}

function flowText(flow: PageState['flows'][number]): string {
  const { server, game, program, way, region, reason, packetsUp, packetsDown } = flow;
  const name = game ?? program;
  const packets =
    packetsUp === null ? 'packets not counted, since the system carries them' : `${packetsUp} packets sent, ${packetsDown ?? 0} received`;
  const why = reason === null ? '' : `, because ${reason}`;
  const where = `${wayText(way)}${region === null ? '' : ` (${region})`}`;
  return `${server}${name === null ? '' : ` (${name})`}: ${where}${why}; decided by: ${evidenceText(flow)}; ${packets}`;
}

function nodeText({ name, address, region, used, up, rttMs, loadPercent }: PageState['nodes'][number]): string {
  const how = used ? (up ? 'in use' : 'no answer') : up ? 'ready' : 'not reached';
  const facts = [rttMs === null ? '' : `${rttMs.toFixed(1)} ms`, loadPercent === null ? '' : `load ${loadPercent.toFixed(0)} %`];
  return [`node ${name}${region === null ? '' : ` (${region})`} at ${address}: ${how}`, ...given(...facts)].join(', ');
}

function matrixLines({ servers, rows }: NonNullable<PageState['matrix']>): string[] {
  return servers.map((server, index) => {
    const times = rows.map(({ way, medianMs }) => {
      const ms = medianMs[index];
      return `${wayText(way)} ${ms === null ? '-' : `${ms.toFixed(1)} ms`}`;
    });
    return `median round trips to ${server}: ${times.join(', ')}`;
  });
}

function matchText({ startedAtMs, game, server, way, gainMs, intervalMs }: NonNullable<PageState['matches']>[number]): string {
  const where = `${game === null ? '' : `${game}, `}${server}, ${wayText(way)}`;
  const saved = way === 'direct' ? '' : `, ${gainMs === null ? 'not measured' : savedText(gainMs, intervalMs)}`;
  return `earlier match: ${new Date(startedAtMs).toLocaleString()}, ${where}${saved}`;
}

/** On both sides of 0 a range has no sign of its own. */
function savedText(gainMs: number, intervalMs: readonly [number, number] | null): string {
  const text = `${gainMs < 0 ? 'cost' : 'saved'} ${Math.abs(gainMs).toFixed(1)} ms`;
  if (intervalMs === null || intervalMs[0] * intervalMs[1] < 0) return `${text}, not sure`;
  const [low, high] = intervalMs.map(Math.abs).toSorted((a, b) => a - b);
  return `${text} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

function notCaughtLines(notCaught: PageState['notCaught']): string[] {
  if (notCaught === null) return ['left alone: everything that programs do not send to the port of LightSpeed'];
  const counted = notCaught.filter(({ packets }) => packets !== null);
  const others = notCaught.length - counted.length;
  return [
    ...counted.map(({ what, why, packets }) => `left alone: ${what}, because ${why} (${packets ?? 0} packets)`),
    ...(others === 0
      ? []
      : [`always left alone: ${others} kinds of programs, ports and addresses; the page and --json list them with reasons`]),
  ];
}
