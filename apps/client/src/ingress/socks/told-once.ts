/** Most texts that are remembered. What comes beyond them is counted together. */
const MAX_TEXTS = 256;

/**
 * Tells what clients cause: each text once, and in the end how often it came again. Clients choose how much there is to
 * tell, so the memory for it is bounded.
 */
export class ToldOnce {
  readonly #tell: (text: string) => void;
  /** How often each came again. */
  readonly #again = new Map<string, number>();
  #others = 0;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  note(text: string): void {
    const again = this.#again.get(text);
    if (again !== undefined) {
      this.#again.set(text, again + 1);
    } else if (this.#again.size < MAX_TEXTS) {
      this.#again.set(text, 0);
      this.#tell(text);
    } else if (this.#others++ === 0) {
      this.#tell('SOCKS5 clients cause more different messages than are told; from now on, new ones are only counted');
    }
  }

  /** Tells the counts, and forgets everything. */
  end(): void {
    for (const [text, again] of this.#again) if (again > 0) this.#tell(`${again} times more: ${text}`);
    if (this.#others > 0) this.#tell(`${this.#others} more messages about SOCKS5 clients were only counted`);
    this.#again.clear();
    this.#others = 0;
  }
}
