/** Where a source says `docs/PAGE.md, Title` or `docs/PAGE.md, Title, Other title`. */
export interface Citation {
  /** Relative to the workspace. */
  readonly page: string;
  /** None where only the page is named. */
  readonly titles: readonly string[];
}

const CITATION = /docs\/[\w/-]+\.md(?:, [A-Z][\w ]*)*/g;
/** A line's end within a comment, and what the next line starts with. */
const WRAPPED = /\n\s*(?:\*|\/\/)? */g;

/**
 * The citations of documentation in a source. A title starts with a capital letter and ends at a comma or any other
 * sign. It may be wrapped from one comment line to the next.
 */
export function citations(source: string): Citation[] {
  return [...source.replace(WRAPPED, ' ').matchAll(CITATION)].map(([text]) => {
    const [page = '', ...titles] = text.split(', ').map((part) => part.trim());
    return { page, titles };
  });
}
