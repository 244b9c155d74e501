import type { Picture } from './report/write-page.ts';

/** How a run was asked for. */
interface MeasureContext {
  readonly quick: boolean;
  /** What alone shall be measured, as `--only` says it. */
  readonly only: string | undefined;
  readonly verbose: boolean;
  /** Says on standard error what is being done. */
  readonly progress: (text: string) => void;
}

/** A part of the report. */
export interface Section<Data> {
  readonly name: string;
  readonly title: string;
  /** For the help. */
  readonly about: string;
  /** Values of `--only` with which it takes part. */
  readonly only: readonly string[];
  measure(context: MeasureContext): Promise<Data>;
  /** Markdown below the section's title. */
  render(data: Data, context: MeasureContext): string;
  /** Pictures for the page of the documentation. */
  pictures?(data: Data): readonly Picture[];
  /** What must not be: each makes the program's exit code 1. */
  faults(data: Data): readonly string[];
}

/** A section that was measured. */
export interface MeasuredSection {
  readonly name: string;
  readonly title: string;
  readonly data: unknown;
  readonly markdown: string;
  readonly pictures: readonly Picture[];
  readonly faults: readonly string[];
}

/** A section whose data only it knows. */
export interface AnySection {
  readonly name: string;
  readonly about: string;
  readonly only: readonly string[];
  take(context: MeasureContext): Promise<MeasuredSection>;
}

export function section<Data>(of: Section<Data>): AnySection {
  const { name, title, about, only } = of;
  return {
    name,
    about,
    only,
    async take(context) {
      const data = await of.measure(context);
      return { name, title, data, markdown: of.render(data, context), pictures: of.pictures?.(data) ?? [], faults: of.faults(data) };
    },
  };
}
