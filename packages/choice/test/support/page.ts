import { fileURLToPath } from 'node:url';

/** The page that has the table. */
export const CHOOSING_PAGE = fileURLToPath(new URL('../../../../docs/choosing.md', import.meta.url));
const BEGIN = '<!-- pnpm choice writes this table -->';
const END = '<!-- end of the table -->';

/** The page with the table between its marks. */
export function withTable(page: string, table: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${CHOOSING_PAGE} has no marks for the table`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${page.slice(end)}`;
}
