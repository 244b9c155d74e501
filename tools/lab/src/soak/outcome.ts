/** What a long run came to. */
export interface Outcome {
  readonly name: string;
  /** Why it failed, one line each; none if it passed. */
  readonly faults: readonly string[];
  /** What was measured, for people. */
  readonly figures: Readonly<Record<string, string | number>>;
}

/** Collects what must hold in a run. */
export class Expectations {
  readonly #faults: string[] = [];

  get faults(): readonly string[] {
    return this.#faults;
  }

  equal(what: string, got: number, wanted: number): void {
    if (got !== wanted) this.#faults.push(`${what}: ${got} instead of ${wanted}`);
  }

  that(holds: boolean, fault: string): void {
    if (!holds) this.#faults.push(fault);
  }
}

/** Told once a second how a run goes, in one line. */
export type Progress = (line: string) => void;
