import { COLUMNS } from './history-match.ts';
import type { HistoryMatch } from './history-match.ts';

/** The names of columns, as the first line of a CSV (RFC 4180). */
export const CSV_HEADER = Object.values(COLUMNS).join(',');

/** A match as a line of a CSV. Times are milliseconds since 1970, what was not measured is empty, and `vetoed` is true or false. */
export function csvLine(match: HistoryMatch): string {
  return (Object.keys(COLUMNS) as (keyof HistoryMatch)[]).map((field) => cell(match[field])).join(',');
}

function cell(value: HistoryMatch[keyof HistoryMatch]): string {
  if (value === null) return '';
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toFixed(4).replace(/0+$/, '');
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
