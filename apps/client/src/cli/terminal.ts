import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

type Output = NodeJS.WriteStream | WriteStream;

const USUAL_COLUMNS = 80;
const USUAL_DECIMALS = 3;
const RATIO_DECIMALS = 4;
/** Carriage return, then erase to the end of the line. */
const START_OF_LINE = '\r\u001b[K';

/**
 * Where a command prints. On a terminal it may keep one live line at the bottom, and text is marked up unless NO_COLOR
 * says otherwise.
 */
export class Terminal {
  readonly #out: Output;
  readonly #err: Output;
  #liveLine = '';
  /** Whether the command line asks for JSON. */
  isForPrograms = false;

  constructor(out: Output = process.stdout, err: Output = process.stderr) {
    this.#out = out;
    this.#err = err;
  }

  /** Whether a person watches. */
  get isInteractive(): boolean {
    return this.#out.isTTY === true;
  }

  line(text: string): void {
    this.#out.write(`${this.#liveLine === '' ? '' : START_OF_LINE}${text}\n${this.#liveLine}`);
  }

  /** An object for programs, on a line of its own. Its numbers have the digits that mean something. */
  json(value: object): void {
    this.#out.write(`${JSON.stringify(value, rounded)}\n`);
  }

  /** Shows a line that the next call replaces; cut to the terminal's width with `…`, since a wrapped one cannot be replaced. */
  live(text: string): void {
    // Terminals that don't know their size say 0.
    const columns = this.#out.columns || USUAL_COLUMNS;
    this.#liveLine = text.length < columns ? text : `${text.slice(0, columns - 2)}…`;
    this.#out.write(`${START_OF_LINE}${this.#liveLine}`);
  }

  /** Takes the live line away. */
  endLive(): void {
    if (this.#liveLine !== '') this.#out.write(START_OF_LINE);
    this.#liveLine = '';
  }

  /** One line on standard error. */
  error(text: string): void {
    this.endLive();
    this.#err.write(`lightspeed: ${text}\n`);
  }

  /** Why a command has failed, for people on standard error; for programs that asked for JSON an object as well. */
  failed(code: string, message: string): void {
    if (this.isForPrograms) this.json({ event: 'error', code, message });
    this.error(message);
  }

  /** Calls back when nobody reads any more, as when a pipe's reader has ended, or a terminal was closed. */
  onGone(listener: () => void): void {
    this.#out.once('error', listener);
    this.#err.once('error', listener);
  }

  readonly strong = (text: string): string => this.#marked('bold', text);
  readonly faint = (text: string): string => this.#marked('dim', text);
  readonly bad = (text: string): string => this.#marked('red', text);

  /** Never off a terminal, whatever FORCE_COLOR says: what reads a pipe wants the text. NO_COLOR: see no-color.org. */
  #marked(style: 'bold' | 'dim' | 'red', text: string): string {
    const { NO_COLOR = '', TERM } = process.env;
    if (!this.isInteractive || NO_COLOR !== '' || TERM === 'dumb') return text;
    return styleText(style, text, { validateStream: false });
  }
}

/** Milliseconds to the microsecond, in which they are measured; shares to a hundredth of a per cent. For `JSON.stringify`. */
function rounded(key: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isInteger(value)) return value;
  return Number(value.toFixed(/ratio$|^share$/i.test(key) ? RATIO_DECIMALS : USUAL_DECIMALS));
}
