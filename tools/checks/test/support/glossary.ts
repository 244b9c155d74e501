import { toString } from 'mdast-util-to-string';
import { nodesOf } from './markdown.ts';

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
  const [, ...rows] = nodesOf(SECTION.exec(page)?.[0] ?? '').flatMap((node) => (node.type === 'tableRow' ? [node.children] : []));
  return rows.map((cells) => {
    const [term = '', meaning = '', notAnywhere = '', notInTunnelAndFleet = ''] = cells.map((cell) => toString(cell));
    return { term, meaning, notAnywhere: words(notAnywhere), notInTunnelAndFleet: words(notInTunnelAndFleet) };
  });
}

/** The page without its glossary, which has to name the words that it replaces; lines keep their numbers. */
export function withoutGlossary(page: string): string {
  return page.replace(SECTION, (section) => section.replace(/[^\n]/g, ''));
}

function words(cell: string): string[] {
  return cell.split(/ *, */).filter((word) => word !== '');
}
