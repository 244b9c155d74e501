import { WaysChart, showPieces } from './charts.js';
import { byId, count, element, milliseconds, setText, wayText } from './elements.js';
import { showLoss } from './loss.js';
import { fillTable } from './tables.js';

/** @import { PageFlow, PageState } from './page-state.js' */

const chart = new WaysChart();
/** So often an open page looks whether a client runs here again. */
const LOOK_AGAIN_MS = 3_000;
const PHASES = { starting: 'starting', connected: 'connected', lost: 'no answer from the node', ended: 'the client has ended' };

await enter();
listen();

/** Uses up the token of the address, if there is one, and takes it out of the address and the history. */
async function enter() {
  const token = location.hash.slice(1);
  // Anchors of this page are short.
  if (token.length < 40) return;
  history.replaceState(null, '', '/');
  const answer = await fetch('/session', { method: 'POST', body: token });
  if (!answer.ok) notice((await answer.json()).message);
}

function listen() {
  const events = new EventSource('/events');
  events.addEventListener('state', (event) => {
    notice('');
    show(JSON.parse(event.data));
  });
  events.addEventListener('end', () => {
    events.close();
    over('The client has ended. What you see is how it was then. When it starts again, open the new link that it prints.');
    setTimeout(lookAgain, LOOK_AGAIN_MS);
  });
  events.addEventListener('error', () => {
    over('The client does not answer. This page goes on trying.');
    if (events.readyState === EventSource.CLOSED) void lookAgain();
  });
}

/**
 * A client that starts again lets no browser in that an earlier one knew: somebody else may have had its port meanwhile. Once its new link
 * was opened in this browser, this page goes on, too.
 */
async function lookAgain() {
  const answer = await fetch('/state').catch(() => undefined);
  if (answer?.ok) return location.reload();
  if (answer?.status === 401) {
    over(
      'A client runs here that has not let this page in. Open the new link that it has printed, or that "lightspeed status --url" prints.',
    );
  }
  setTimeout(lookAgain, LOOK_AGAIN_MS);
}

/** @param {string} text */
function over(text) {
  const phase = byId('phase');
  phase.dataset.phase = 'ended';
  setText(phase, 'not live');
  notice(text);
}

/** @param {string} text */
function notice(text) {
  byId('notice').hidden = text === '';
  setText(byId('notice'), text);
}

/** @param {PageState} state */
function show(state) {
  const { words, verdict } = state;
  setText(
    byId('about'),
    `lightspeed ${state.command}, version ${state.version}, since ${new Date(state.startedAtMs).toLocaleTimeString()}`,
  );
  const phase = byId('phase');
  phase.dataset.phase = state.phase;
  setText(phase, PHASES[state.phase]);
  byId('verdict').dataset.kind = verdict.kind;
  document.title = `${words.headline} - LightSpeed`;
  setText(byId('headline'), words.headline);
  setText(byId('sureness'), words.sureness);
  setText(byId('rest'), words.rest);
  setText(byId('decided'), words.decided);
  chart.show(state.series);
  showPieces(state.ways);
  setText(byId('pieces-note'), state.waysNote);
  showLoss(state);
  showFlows(state);
  showNodes(state);
  showMatrix(state);
  showMatches(state);
  showNotCaught(state);
  const notes = state.warnings.length === 0 ? ['Nothing to say.'] : state.warnings;
  if ([...byId('notes').children].map(({ textContent }) => textContent).join('|') !== notes.join('|')) {
    byId('notes').replaceChildren(...notes.map((text) => element('li', {}, text)));
  }
}

/** @param {PageState} state */
function showFlows({ flows, canChange, rules }) {
  /** @typedef {(flow: PageFlow) => string} Text */
  const base = [
    { title: 'Server', text: /** @type {Text} */ (({ server }) => server) },
    { title: 'Game', text: /** @type {Text} */ (({ game, program }) => game ?? program ?? 'not known') },
    {
      title: 'Reached',
      text: /** @type {Text} */ (({ way, region }) => `${wayText(way)}${region === null ? '' : ` (${region})`}`),
    },
    { title: 'Because', text: /** @type {Text} */ (({ reason }) => reason ?? '-') },
    { title: 'Decided by', text: evidenceText },
    { title: 'Packets', text: packetsText },
  ];
  const control = (/** @type {PageFlow} */ flow) => ruleControl(flow, rules.find(({ servers }) => servers === prefixOf(flow.server))?.way);
  const columns = canChange ? [...base, { title: 'Your choice', text: () => '', control }] : base;
  const options = { empty: 'No game server yet. Start the game, and connect it.', keyOf: (/** @type {PageFlow} */ flow) => flow.server };
  fillTable(byId('flows'), columns, flows, { ...options, label: 'Game servers' });
}

/** @param {PageFlow} flow */
function evidenceText({ evidence, evidenceAgeS }) {
  if (evidence === null) return 'not measured';
  return evidenceAgeS === null ? evidence : `${evidence}; last measured ${evidenceAgeS} s ago`;
}

/** @param {PageFlow} flow */
function packetsText({ packetsUp, packetsDown }) {
  return packetsUp === null
    ? 'not counted, since the system carries them'
    : `${count(packetsUp)} sent, ${count(packetsDown ?? 0)} received`;
}

/** @param {string} server */
function prefixOf(server) {
  return `${server.split('.').slice(0, 3).join('.')}.0/24`;
}

/**
 * @param {PageFlow} flow
 * @param {string} [chosen]
 */
function ruleControl({ server }, chosen = 'evidence') {
  const select = element('select', { 'aria-label': `How ${prefixOf(server)} is reached, from the next match on` });
  for (const [value, text] of [
    ['evidence', 'as measured'],
    ['node', 'by a node'],
    ['direct', 'directly'],
  ]) {
    select.append(element('option', { value, ...(value === chosen ? { selected: '' } : {}) }, text));
  }
  select.addEventListener('change', async () => {
    const body = JSON.stringify({ servers: prefixOf(server), way: select.value });
    const answer = await fetch('/rule', { method: 'POST', body });
    if (!answer.ok) notice((await answer.json()).message);
  });
  return select;
}

/** @param {PageState} state */
function showNodes({ nodes, seenAs }) {
  /** @typedef {PageState['nodes'][number]} Node */
  const columns = [
    { title: 'Node', text: (/** @type {Node} */ { name, region }) => (region === null || region === '' ? name : `${name} (${region})`) },
    {
      title: 'State',
      text: (/** @type {Node} */ { used, up }) => (used ? (up ? 'in use' : 'no answer') : up ? 'ready' : 'not reached'),
      style: (/** @type {Node} */ { used, up }) => (used ? (up ? 'good' : 'bad') : ''),
    },
    { title: 'Address', text: (/** @type {Node} */ { address }) => address },
    { title: 'Round trip', text: (/** @type {Node} */ { rttMs }) => milliseconds(rttMs) },
    { title: 'Load', text: (/** @type {Node} */ { loadPercent }) => (loadPercent === null ? '-' : `${loadPercent.toFixed(0)} %`) },
  ];
  fillTable(byId('nodes'), columns, nodes, { empty: 'No node is registered.', keyOf: ({ address }) => address, label: 'Nodes' });
  setText(byId('seen-as'), seenAs ?? 'an address that the node has not told');
}

/** @param {PageState} state */
function showMatrix({ matrix }) {
  /** @typedef {NonNullable<PageState['matrix']>['rows'][number]} Row */
  const { servers, rows } = matrix ?? { servers: [], rows: [] };
  const best = servers.map((_, index) => Math.min(...rows.map(({ medianMs }) => medianMs[index] ?? Number.POSITIVE_INFINITY)));
  const columns = [
    { title: 'Reached', text: (/** @type {Row} */ { way }) => wayText(way) },
    ...servers.map((title, index) => ({
      title,
      text: (/** @type {Row} */ { medianMs }) => milliseconds(medianMs[index]),
      style: (/** @type {Row} */ { medianMs }) => (medianMs[index] === best[index] ? 'number best' : 'number'),
    })),
  ];
  const empty = 'Not measured: no servers are compared yet.';
  fillTable(byId('matrix'), columns, rows, {
    empty,
    keyOf: ({ way }) => way,
    wide: true,
    label: 'Median round trips to servers, directly and by nodes',
  });
}

/** @param {PageState} state */
function showMatches({ matches }) {
  /** @typedef {NonNullable<PageState['matches']>[number]} Match */
  const columns = [
    { title: 'Begun', text: (/** @type {Match} */ { startedAtMs }) => new Date(startedAtMs).toLocaleString() },
    { title: 'Server', text: (/** @type {Match} */ { server, game }) => (game === null ? server : `${game}, ${server}`) },
    { title: 'Reached', text: (/** @type {Match} */ { way }) => wayText(way) },
    {
      title: 'Saved',
      text: savedText,
      style: (/** @type {Match} */ { harmed, gainMs }) => (harmed ? 'bad' : (gainMs ?? 0) > 0 ? 'good' : ''),
    },
  ];
  const empty = matches === null ? 'Not kept, since nothing is compared with going directly.' : 'No match is over yet.';
  const keyOf = (/** @type {Match} */ { startedAtMs, server }) => `${startedAtMs} ${server}`;
  fillTable(byId('matches'), columns, matches ?? [], { empty, keyOf, label: 'Earlier matches' });
}

/** @param {NonNullable<PageState['matches']>[number]} match */
function savedText({ gainMs, intervalMs, way }) {
  if (way === 'direct') return '-';
  if (gainMs === null) return 'not measured';
  const text = gainMs < 0 ? `cost ${milliseconds(-gainMs)}` : milliseconds(gainMs);
  const range = intervalMs?.map(Math.abs).toSorted((low, high) => low - high);
  // On both sides of 0 a range has no sign of its own.
  const isClear = intervalMs !== null && intervalMs[0] * intervalMs[1] >= 0;
  return isClear && range ? `${text} (${range[0].toFixed(1)} to ${range[1].toFixed(1)})` : `${text}, not sure`;
}

/** @param {PageState} state */
function showNotCaught({ notCaught }) {
  /** @typedef {NonNullable<PageState['notCaught']>[number]} Left */
  const columns = [
    { title: 'What', text: (/** @type {Left} */ { what }) => what },
    { title: 'Why', text: (/** @type {Left} */ { why }) => why },
  ];
  const packets = { title: 'Packets', text: (/** @type {Left} */ { packets }) => count(packets ?? 0) };
  const counted = (notCaught ?? []).filter((left) => left.packets !== null);
  const others = (notCaught ?? []).filter((left) => left.packets === null);
  const empty =
    notCaught === null
      ? 'LightSpeed carries only what programs send to its own port. Everything else on this machine goes as it would without it.'
      : 'What the system has carried by itself is not counted.';
  const keyOf = (/** @type {Left} */ { what }) => what;
  fillTable(byId('not-caught'), [...columns, packets], counted, { empty, keyOf, label: 'Left alone, with packets' });
  byId('not-caught-more').hidden = others.length === 0;
  fillTable(byId('not-caught-rest'), columns, others, { empty: '', keyOf, label: 'Always left alone' });
}
