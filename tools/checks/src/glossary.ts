/** A row of the glossary. */
export interface Term {
  readonly term: string;
  readonly meaning: string;
  /** Words that the term replaces everywhere. */
  readonly notAnywhere: readonly string[];
  /** Words that may not name a thing of the tunnel and of the fleet: no identifier, flag, file or metric there has them. */
  readonly notInTunnelAndFleet: readonly string[];
}

const SECTION = /^## Glossary\n[\s\S]*?(?=^## |(?![\s\S]))/m;

/** The rows of the table in the page's section "Glossary", in their order. None if there is no such section. */
export function glossary(page: string): Term[] {
  const rows = (SECTION.exec(page)?.[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) => {
    const [term = '', meaning = '', notAnywhere = '', notInTunnelAndFleet = ''] = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return { term, meaning, notAnywhere: words(notAnywhere), notInTunnelAndFleet: words(notInTunnelAndFleet) };
  });
}

/** The page without its glossary, which has to name the words that it replaces; lines keep their numbers. */
export function withoutGlossary(page: string): string {
  return page.replace(SECTION, (section) => section.replace(/[^\n]/g, ''));
}

function words(cell: string): string[] {
  return cell
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
