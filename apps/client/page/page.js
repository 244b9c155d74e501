import { WaysChart, showPieces } from './charts.js';
import { byId, count, element, milliseconds, setText, share, wayText } from './elements.js';
import { fillTable } from './tables.js';

/** @import { PageFlow, PageLoss, PageState } from './page-state.js' */

const chart = new WaysChart();
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
    over('The client has ended. What you see is how it was then.');
  });
  events.addEventListener('error', async () => {
    if (events.readyState !== EventSource.CLOSED) return over('The client does not answer. This page goes on trying.');
    const answer = await fetch('/state').catch(() => undefined);
    const refused = answer === undefined || answer.ok ? undefined : (await answer.json()).message;
    over(refused === undefined ? 'The client does not answer.' : `The client lets nobody in here: ${refused}.`);
  });
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
  showLoss(state.loss);
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

/** @param {PageState['loss']} loss */
function showLoss({ up, down }) {
  const place = byId('loss');
  const shown = JSON.stringify({ up, down });
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  place.replaceChildren(element('div', { class: 'loss-grid' }, direction('To the server', up), direction('To you', down)));
}

/**
 * @param {string} title
 * @param {PageLoss | null} loss
 */
function direction(title, loss) {
  const place = element('div', {}, element('h3', {}, title));
  if (loss === null) {
    place.append(element('p', { class: 'empty' }, 'The node does not report it.'));
    return place;
  }
  const error = loss.afterError === null || loss.afterError < 0.0005 ? '' : ` ±${share(loss.afterError)}`;
  const figure = (/** @type {string} */ name, /** @type {string} */ value) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value));
  place.append(
    element('dl', { class: 'figure' }, figure('lost', share(loss.before)), figure('after protection', `${share(loss.after)}${error}`)),
  );
  const facts = [
    loss.before === null ? `${loss.packets} packets are too few to judge.` : `Of ${count(loss.packets)} packets.`,
    loss.protection === null ? '' : `Protection: ${loss.protection}.`,
    loss.runs === null ? '' : `Lost alone ${loss.runs[0]}, two in a row ${loss.runs[1]}, more ${loss.runs[2]} times.`,
  ];
  place.append(element('p', { class: 'hint' }, facts.filter((fact) => fact !== '').join(' ')));
  return place;
}

/** @param {PageState} state */
function showFlows({ flows, canChange, rules }) {
  const base = [
    { title: 'Server', text: (/** @type {PageFlow} */ flow) => `${flow.server}${flow.region === null ? '' : ` (${flow.region})`}` },
    { title: 'Game', text: (/** @type {PageFlow} */ flow) => flow.game ?? flow.program ?? '-' },
    { title: 'Way', text: (/** @type {PageFlow} */ flow) => wayText(flow.way) },
    { title: 'Because', text: (/** @type {PageFlow} */ flow) => flow.reason ?? '-' },
    { title: 'Evidence', text: evidenceText },
    {
      title: 'Packets',
      text: (/** @type {PageFlow} */ flow) =>
        flow.packetsUp === null ? '-' : `${count(flow.packetsUp)} up, ${count(flow.packetsDown ?? 0)} down`,
    },
  ];
  const control = (/** @type {PageFlow} */ flow) => ruleControl(flow, rules.find(({ servers }) => servers === prefixOf(flow.server))?.way);
  const columns = canChange ? [...base, { title: 'Always', text: () => '', control }] : base;
  const options = { empty: 'No flows yet. Start the game, and connect it.', keyOf: (/** @type {PageFlow} */ flow) => flow.server };
  fillTable(byId('flows'), columns, flows, { ...options, label: 'Flows' });
}

/** @param {PageFlow} flow */
function evidenceText({ evidence, evidenceAgeS }) {
  if (evidence === null) return 'not measured';
  return evidenceAgeS === null ? evidence : `${evidence}, ${evidenceAgeS} s old`;
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
  const select = element('select', { 'aria-label': `Way to ${prefixOf(server)}, from the next flow on` });
  for (const [value, text] of [
    ['evidence', 'by evidence'],
    ['node', 'node'],
    ['direct', 'direct'],
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
    { title: 'Round trip', text: (/** @type {Node} */ { rttMs }) => milliseconds(rttMs) },
    { title: 'Load', text: (/** @type {Node} */ { loadPercent }) => (loadPercent === null ? '-' : `${loadPercent.toFixed(0)} %`) },
  ];
  fillTable(byId('nodes'), columns, nodes, { empty: 'No node is registered.', keyOf: ({ name }) => name, label: 'Nodes' });
  setText(byId('seen-as'), seenAs ?? 'an address that is not known yet');
}

/** @param {PageState} state */
function showMatrix({ matrix }) {
  /** @typedef {NonNullable<PageState['matrix']>['rows'][number]} Row */
  const { servers, rows } = matrix ?? { servers: [], rows: [] };
  const best = servers.map((_, index) => Math.min(...rows.map(({ medianMs }) => medianMs[index] ?? Number.POSITIVE_INFINITY)));
  const columns = [
    { title: 'Way', text: (/** @type {Row} */ { way }) => way },
    ...servers.map((title, index) => ({
      title,
      text: (/** @type {Row} */ { medianMs }) => milliseconds(medianMs[index]),
      style: (/** @type {Row} */ { medianMs }) => (medianMs[index] === best[index] ? 'number best' : 'number'),
    })),
  ];
  const empty = 'Not measured: no servers are compared yet.';
  fillTable(byId('matrix'), columns, rows, { empty, keyOf: ({ way }) => way, wide: true, label: 'Median round trips by way and server' });
}

/** @param {PageState} state */
function showMatches({ matches }) {
  /** @typedef {NonNullable<PageState['matches']>[number]} Match */
  const columns = [
    { title: 'Begun', text: (/** @type {Match} */ { startedAtMs }) => new Date(startedAtMs).toLocaleString() },
    { title: 'Server', text: (/** @type {Match} */ { server, game }) => (game === null ? server : `${game}, ${server}`) },
    { title: 'Way', text: (/** @type {Match} */ { way }) => wayText(way) },
    {
      title: 'Saved',
      text: savedText,
      style: (/** @type {Match} */ { harmed, gainMs }) => (harmed ? 'bad' : (gainMs ?? 0) > 0 ? 'good' : ''),
    },
  ];
  const empty = matches === null ? 'Not kept: nothing compares the ways.' : 'No match is over yet.';
  const keyOf = (/** @type {Match} */ { startedAtMs, server }) => `${startedAtMs} ${server}`;
  fillTable(byId('matches'), columns, matches ?? [], { empty, keyOf, label: 'Matches' });
}

/** @param {NonNullable<PageState['matches']>[number]} match */
function savedText({ gainMs, intervalMs, way }) {
  if (way === 'direct') return '-';
  if (gainMs === null) return 'not measured';
  return intervalMs === null
    ? milliseconds(gainMs)
    : `${milliseconds(gainMs)} (${intervalMs[0].toFixed(1)} to ${intervalMs[1].toFixed(1)})`;
}

/** @param {PageState} state */
function showNotCaught({ notCaught }) {
  /** @typedef {NonNullable<PageState['notCaught']>[number]} Left */
  const columns = [
    { title: 'What', text: (/** @type {Left} */ { what }) => what },
    { title: 'Why', text: (/** @type {Left} */ { why }) => why },
    { title: 'Packets', text: (/** @type {Left} */ { packets }) => (packets === null ? '-' : count(packets)) },
  ];
  const empty = notCaught === null ? 'Nothing is caught here: programs send to LightSpeed themselves.' : 'Nothing was left out.';
  fillTable(byId('not-caught'), columns, notCaught ?? [], { empty, keyOf: ({ what }) => what, label: 'Not caught' });
}
