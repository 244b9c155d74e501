/** Bars in groups, one of each series in every group. */
export interface BarChart {
  readonly title: string;
  /** What the numbers are. */
  readonly unit: string;
  readonly series: readonly Series[];
  readonly groups: readonly Group[];
}

interface Series {
  readonly name: string;
  /** Fill on a light and on a dark background. */
  readonly light: string;
  readonly dark: string;
}

interface Group {
  readonly label: string;
  /** In the order of the series; NaN for none. */
  readonly values: readonly number[];
}

const WIDTH = 840;
const HEIGHT = 420;
const PLOT = { left: 52, right: 16, top: 92, bottom: 40 };
const PLOT_HEIGHT = HEIGHT - PLOT.top - PLOT.bottom;
const PLOT_WIDTH = WIDTH - PLOT.left - PLOT.right;
const LEGEND = { y: 62, swatch: 12, gap: 18, letterWidth: 6.6 };
const MOST_LINES = 6;

/** An SVG that is readable on light and dark pages: it follows what the reader's system prefers. */
export function renderBarChart({ title, unit, series, groups }: BarChart): string {
  const highest = Math.max(1, ...groups.flatMap(({ values }) => values.filter(Number.isFinite)));
  const step = niceStep(highest / MOST_LINES);
  const top = Math.ceil(highest / step) * step;
  const y = (value: number) => PLOT.top + PLOT_HEIGHT * (1 - value / top);
  const lines = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeXml(title)}">
<title>${escapeXml(title)}</title>
<style>
${styleOf(series)}
</style>
<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="6"/>
<text class="title" x="16" y="28">${escapeXml(title)}</text>
<text class="quiet" x="16" y="46">${escapeXml(unit)}</text>
${legend(series)}
${lines.map((value) => gridLine(value, y(value))).join('\n')}
${groups.map((group, index) => bars(group, index, groups.length, series, y)).join('\n')}
</svg>
`;
}

function styleOf(series: readonly Series[]): string {
  const fills = (which: 'light' | 'dark') => series.map((each, index) => `.s${index} { fill: ${each[which]}; }`).join(' ');
  return `text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.quiet { fill: #59636e; }
.value { font-size: 10px; text-anchor: middle; }
.page { fill: #ffffff; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
${fills('light')}
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.quiet { fill: #9198a1; }
.page { fill: #0d1117; }
.grid { stroke: #3d444d; }
${fills('dark')}
}`;
}

function legend(series: readonly Series[]): string {
  let x = 16;
  const entries = series.map(({ name }, index) => {
    const swatch = `<rect class="s${index}" x="${x}" y="${LEGEND.y}" width="${LEGEND.swatch}" height="${LEGEND.swatch}" rx="2"/>`;
    const entry = `${swatch}<text x="${x + LEGEND.swatch + 5}" y="${LEGEND.y + 10}">${escapeXml(name)}</text>`;
    x += LEGEND.swatch + 5 + Math.ceil(name.length * LEGEND.letterWidth) + LEGEND.gap;
    return entry;
  });
  return entries.join('\n');
}

function gridLine(value: number, y: number): string {
  const at = y.toFixed(1);
  const line = `<line class="grid" x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${at}" y2="${at}"/>`;
  return `${line}<text class="quiet" x="${PLOT.left - 8}" y="${(y + 4).toFixed(1)}" text-anchor="end">${Number(value.toFixed(2))}</text>`;
}

function bars({ label, values }: Group, index: number, groups: number, series: readonly Series[], y: (value: number) => number): string {
  const groupWidth = PLOT_WIDTH / groups;
  const left = PLOT.left + index * groupWidth;
  const barWidth = (groupWidth * 0.84) / series.length;
  const drawn = values.flatMap((value, place) => {
    if (!Number.isFinite(value)) return [];
    const x = left + groupWidth * 0.08 + place * barWidth;
    const size = `width="${(barWidth - 4).toFixed(1)}" height="${(y(0) - y(value)).toFixed(1)}"`;
    const rect = `<rect class="s${place}" x="${(x + 2).toFixed(1)}" y="${y(value).toFixed(1)}" ${size} rx="2"/>`;
    return [`${rect}<text class="value" x="${(x + barWidth / 2).toFixed(1)}" y="${(y(value) - 4).toFixed(1)}">${value.toFixed(1)}</text>`];
  });
  return [
    ...drawn,
    `<text x="${(left + groupWidth / 2).toFixed(1)}" y="${HEIGHT - 14}" text-anchor="middle">${escapeXml(label)}</text>`,
  ].join('\n');
}

/** @returns 1, 2 or 5 times a power of ten, not below `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
