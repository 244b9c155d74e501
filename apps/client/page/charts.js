import uPlot from './uplot.js';
import { element, milliseconds, setText, byId, wayText } from './elements.js';

/** @import { PageSeries, PageWay, SeriesPoint } from './page-state.js' */

const HEIGHT = 240;
const MAX_POINTS = 600;

/** Both ways on one time axis. Points come piece by piece. */
export class WaysChart {
  /** @type {SeriesPoint[]} */
  #points = [];
  /** @type {string} */
  #about = '';
  /** @type {uPlot | undefined} */
  #plot;
  #place = byId('chart');
  /** @type {number | undefined} */
  #read;

  constructor() {
    // Colours are drawn, so they have to be drawn anew.
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#rebuild());
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#place.clientWidth, height: HEIGHT })).observe(this.#place);
    this.#place.addEventListener('keydown', (event) => this.#key(event));
  }

  /** @param {PageSeries | null} series */
  show(series) {
    const isToServer = series?.measures === 'server';
    byId('series-key').hidden = series === null;
    if (series === null) {
      setText(byId('series-about'), 'Nothing is measured yet.');
      return;
    }
    const about = `${series.measures} ${series.target} ${series.node}`;
    if (about !== this.#about) this.#points = [];
    this.#about = about;
    const last = this.#points.at(-1)?.atMs ?? 0;
    this.#points = [...this.#points, ...series.points.filter(({ atMs }) => atMs > last)].slice(-MAX_POINTS);
    const what = isToServer
      ? `Round trips to ${series.target}, one a second. The pale bands hold what was usual: 80 % of the last half minute.`
      : 'Round trips to the node alone. Nobody measures how long it takes directly.';
    setText(byId('series-about'), what);
    setText(byId('node-name'), isToServer ? wayText(series.node) : series.node);
    const now = this.#points.at(-1);
    const direct = byId('direct-now');
    if (direct.parentElement !== null) direct.parentElement.hidden = !isToServer;
    setText(direct, milliseconds(now?.directMs));
    setText(byId('node-now'), milliseconds(now?.nodeMs));
    if (this.#plot === undefined) this.#rebuild();
    else this.#plot.setData(this.#data());
  }

  #rebuild() {
    this.#plot?.destroy();
    if (this.#points.length === 0) {
      this.#plot = undefined;
      return;
    }
    const style = getComputedStyle(document.documentElement);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
    const axis = { stroke: colour('muted'), grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line'), width: 1 } };
    const edge = { stroke: 'transparent', width: 0, points: { show: false } };
    const line = (/** @type {string} */ name) => ({ stroke: colour(name), width: 2, points: { show: false } });
    const dots = (/** @type {string} */ name) => {
      return { stroke: colour(name), paths: () => null, points: { show: true, size: 6, width: 0, fill: colour(name) } };
    };
    this.#plot = new uPlot(
      {
        width: this.#place.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        padding: [10, 32, 0, 0],
        cursor: { y: false },
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(10, (high ?? 0) * 1.15)] } },
        axes: [
          { ...axis, space: 85, size: 28, values: (_plot, ticks) => ticks.map(timeOf) },
          { ...axis, size: 58, values: (_plot, ticks) => ticks.map((tick) => `${tick} ms`) },
        ],
        series: [{}, edge, edge, edge, edge, line('direct'), line('node'), dots('direct'), dots('node')],
        bands: [
          { series: [2, 1], fill: `${colour('direct')}33` },
          { series: [4, 3], fill: `${colour('node')}33` },
        ],
        hooks: { setCursor: [(plot) => this.#readOut(plot.cursor.idx)] },
      },
      this.#data(),
      this.#place,
    );
  }

  /** @returns {uPlot.AlignedData} */
  #data() {
    const points = this.#points;
    const highest = Math.max(10, ...points.flatMap(({ directMs, nodeMs }) => [directMs ?? 0, nodeMs ?? 0]));
    // At the bottom, and beside one another where both are lost.
    const lost = (/** @type {number | null | undefined} */ ms, /** @type {number} */ height) => (ms === null ? highest * height : null);
    return [
      points.map(({ atMs }) => atMs / 1_000),
      points.map(({ directBand }) => directBand?.[0] ?? null),
      points.map(({ directBand }) => directBand?.[1] ?? null),
      points.map(({ nodeBand }) => nodeBand?.[0] ?? null),
      points.map(({ nodeBand }) => nodeBand?.[1] ?? null),
      points.map(({ directMs }) => directMs ?? null),
      points.map(({ nodeMs }) => nodeMs ?? null),
      points.map(({ directMs }) => lost(directMs, 0.03)),
      points.map(({ nodeMs }) => lost(nodeMs, 0.08)),
    ];
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -MAX_POINTS, End: MAX_POINTS };
    const step = /** @type {Record<string, number>} */ (steps)[event.key];
    if (step === undefined || this.#plot === undefined) return;
    event.preventDefault();
    const last = this.#points.length - 1;
    this.#read = Math.min(last, Math.max(0, (this.#read ?? last) + step));
    const left = this.#plot.valToPos(this.#points[this.#read].atMs / 1_000, 'x');
    this.#plot.setCursor({ left, top: 0 });
    this.#readOut(this.#read);
  }

  /** @param {number | null | undefined} index */
  #readOut(index) {
    const point = typeof index === 'number' ? this.#points[index] : undefined;
    if (point === undefined) return setText(byId('readout'), '');
    const told = (/** @type {number | null | undefined} */ ms) => (ms === null ? 'no answer' : milliseconds(ms));
    const direct = point.directMs === undefined ? '' : `directly ${told(point.directMs)}, `;
    setText(byId('readout'), `${new Date(point.atMs).toLocaleTimeString()}: ${direct}by the node ${told(point.nodeMs)}`);
  }
}

/** @param {number} seconds */
function timeOf(seconds) {
  return new Date(seconds * 1_000).toLocaleTimeString();
}

/**
 * The pieces of each way, all to one scale.
 * @param {readonly PageWay[]} ways
 */
export function showPieces(ways) {
  const place = byId('pieces');
  const shown = JSON.stringify(ways);
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  if (ways.length === 0) {
    place.replaceChildren(element('p', { class: 'empty' }, 'Not measured yet: it takes a match at a server that can be measured.'));
    return;
  }
  const totals = ways.map(({ parts }) => parts.reduce((sum, { ms }) => sum + ms, 0));
  const longest = Math.max(...totals, 1);
  place.replaceChildren(
    ...ways.map(({ way, parts }, index) => {
      const bar = element('div', { class: 'bar', 'aria-hidden': 'true' });
      bar.style.width = `${(totals[index] / longest) * 100}%`;
      const key = element('ul', { class: 'key' });
      for (const [index, { kind, name, ms }] of parts.entries()) {
        // Two routes behind one another are told apart.
        const colour = `kind-${kind}${parts.findIndex((part) => part.kind === kind) < index ? ' again' : ''}`;
        const piece = element('span', { class: colour });
        piece.style.flexGrow = `${ms}`;
        bar.append(piece);
        key.append(element('li', {}, element('span', { class: `swatch ${colour}` }), `${name} ${milliseconds(ms)}`));
      }
      const title = element(
        'div',
        { class: 'way-title' },
        element('h3', {}, wayText(way)),
        element('strong', {}, milliseconds(totals[index])),
      );
      return element('div', { class: 'way' }, title, bar, key);
    }),
  );
}
