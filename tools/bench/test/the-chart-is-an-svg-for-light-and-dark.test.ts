import { expect, test } from 'vitest';
import { costChart } from '../src/macro/cost-chart.ts';
import { renderBarChart } from '../src/report/bar-chart.ts';
import { macroData } from './support/macro-data.ts';

/** The elements of an XML text; throws if they are not well nested, or a text or attribute is not escaped. */
function elementsOf(xml: string): { readonly name: string; readonly attributes: Readonly<Record<string, string>> }[] {
  const elements: { name: string; attributes: Record<string, string> }[] = [];
  const open: string[] = [];
  const rest = xml.replace(
    /<(\/?)([a-z]+)((?: [\w:-]+="[^"<>&]*(?:&\w+;[^"<>&]*)*")*)(\/?)>/g,
    (_tag, closing: string, name: string, words: string, empty: string) => {
      if (closing !== '' && open.pop() !== name) throw new Error(`</${name}> closes what is not open`);
      if (closing === '')
        elements.push({
          name,
          attributes: Object.fromEntries([...words.matchAll(/ ([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
        });
      if (closing === '' && empty === '') open.push(name);
      return '';
    },
  );
  if (open.length > 0) throw new Error(`${open.join(', ')} is not closed`);
  if (/[<>]|&(?!\w+;)/.test(rest)) throw new Error(`there is markup that is none: ${rest.trim().slice(0, 80)}`);
  return elements;
}

const CHART = {
  title: 'Cost & "benefit" <of> bars',
  unit: 'µs',
  series: [
    { name: 'one', light: '#000000', dark: '#ffffff' },
    { name: 'two', light: '#111111', dark: '#eeeeee' },
  ],
  groups: [
    { label: 'few', values: [10, 20] },
    { label: 'many', values: [NaN, 5] },
  ],
};

test('it is well-formed whatever the texts contain', () => {
  const [svg] = elementsOf(renderBarChart(CHART));

  expect(svg.name).toBe('svg');
  expect(svg.attributes).toMatchObject({ xmlns: 'http://www.w3.org/2000/svg', role: 'img' });
});

test('bars are as high as their values, and there is none for what was not measured', () => {
  const bars = elementsOf(renderBarChart(CHART)).filter(
    ({ name, attributes }) =>
      name === 'rect' && 'class' in attributes && /^s\d$/.test(attributes['class']) && attributes['height'] !== '12',
  );
  const heights = bars.map(({ attributes }) => Number(attributes['height']));

  expect(bars.map(({ attributes }) => attributes['class'])).toEqual(['s0', 's1', 's1']);
  expect(heights[1] / heights[0]).toBeCloseTo(2, 1);
  expect(heights[2] / heights[0]).toBeCloseTo(0.5, 1);
});

test('everything stays within the picture', () => {
  const { viewBox } = elementsOf(renderBarChart(CHART))[0].attributes;
  const [, , width, height] = viewBox.split(' ').map(Number);
  for (const { name, attributes } of elementsOf(renderBarChart(CHART)).filter((element) => 'x' in element.attributes)) {
    const right = Number(attributes['x']) + Number(attributes['width'] ?? 0);
    const bottom = Number(attributes['y']) + (name === 'rect' ? Number(attributes['height']) : 0);

    expect(Math.min(Number(attributes['x']), Number(attributes['y']))).toBeGreaterThanOrEqual(0);
    expect(right).toBeLessThanOrEqual(width);
    expect(bottom).toBeLessThanOrEqual(height);
  }
});

test('every series has a colour for light pages and one for dark ones', () => {
  const svg = renderBarChart(CHART);
  const [light, dark] = svg.split('@media (prefers-color-scheme: dark)');

  for (const series of CHART.series) {
    expect(light).toContain(series.light);
    expect(dark).toContain(series.dark);
  }
});

test('the chart of costs shows the relays that were measured, at the loads with 100 clients', () => {
  const { series, groups } = costChart(macroData());

  expect(series.map(({ name }) => name)).toEqual(['LightSpeed', 'C', 'nginx']);
  expect(groups).toEqual([{ label: '20,000 round trips a second', values: [12, 10, 40 / 3] }]);
});
