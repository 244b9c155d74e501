import { element, setText } from './elements.js';

/**
 * A column of a table. The first one names its row.
 * @template Row
 * @typedef {{
 *   readonly title: string,
 *   readonly text: (row: Row) => string,
 *   readonly style?: (row: Row) => string,
 *   readonly control?: (row: Row) => HTMLElement,
 * }} Column
 */

/**
 * Fills a place with a table, or says why there is none. Rows that are there already keep their elements, and with them the focus.
 * @template Row
 * @param {HTMLElement} place
 * @param {readonly Column<Row>[]} columns
 * @param {readonly Row[]} rows
 * @param {{ readonly empty: string, readonly keyOf: (row: Row) => string, readonly wide?: boolean, readonly label: string }} options
 */
export function fillTable(place, columns, rows, { empty, keyOf, wide = false, label }) {
  const titles = columns.map(({ title }) => title).join('|');
  if (rows.length === 0) {
    if (place.dataset.titles !== '' || place.textContent !== empty) place.replaceChildren(element('p', { class: 'empty' }, empty));
    place.dataset.titles = '';
    return;
  }
  if (place.dataset.titles !== titles) {
    place.replaceChildren(emptyTable(columns, wide, label));
    place.dataset.titles = titles;
  }
  const body = place.querySelector('tbody');
  if (body === null) return;
  const keys = rows.map(keyOf);
  for (const old of [...body.rows]) if (!keys.includes(old.dataset.key ?? '')) old.remove();
  rows.forEach((row, index) => {
    const there = [...body.rows].find(({ dataset }) => dataset.key === keys[index]);
    const line = there ?? newLine(columns, row, keys[index]);
    if (body.rows[index] !== line) body.insertBefore(line, body.rows[index] ?? null);
    columns.forEach(({ text, style, control }, column) => {
      const cell = line.cells[column];
      if (control === undefined) setText(/** @type {Element} */ (cell.firstElementChild), text(row));
      if (style !== undefined && cell.className !== style(row)) cell.className = style(row);
    });
  });
}

/**
 * @template Row
 * @param {readonly Column<Row>[]} columns
 * @param {boolean} wide whether it scrolls where it does not fit; others become a list of rows
 * @param {string} label
 */
function emptyTable(columns, wide, label) {
  const head = element('tr', { role: 'row' });
  columns.forEach(({ title }, index) => {
    const isNumber = wide && index > 0;
    head.append(element('th', { scope: 'col', role: 'columnheader', ...(isNumber ? { class: 'number' } : {}) }, title));
  });
  const table = element(
    'table',
    { role: 'table', 'aria-label': label, ...(wide ? {} : { class: 'stacked' }) },
    element('thead', { role: 'rowgroup' }, head),
    element('tbody', { role: 'rowgroup' }),
  );
  if (!wide) return table;
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label }, table);
}

/**
 * @template Row
 * @param {readonly Column<Row>[]} columns
 * @param {Row} row
 * @param {string} key
 */
function newLine(columns, row, key) {
  const line = element('tr', { role: 'row', 'data-key': key });
  columns.forEach(({ title, control }, index) => {
    const inside = control === undefined ? element('span') : control(row);
    const attributes = { 'data-label': title, role: index === 0 ? 'rowheader' : 'cell' };
    line.append(index === 0 ? element('th', { scope: 'row', ...attributes }, inside) : element('td', attributes, inside));
  });
  return line;
}
