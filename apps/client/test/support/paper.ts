import { Writable } from 'node:stream';
import { Terminal } from '../../src/cli/terminal.ts';

/** A stream that keeps what is written to it. */
class Paper extends Writable {
  text = '';
  isTTY = true;
  columns = 80;

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.text += Buffer.from(chunk).toString();
    done();
  }
}

/** A terminal of so many columns, or a pipe, and what was written to it. */
export function terminalOf(columns: number, isTTY = true) {
  const out = Object.assign(new Paper(), { columns, isTTY });
  const err = new Paper();
  const terminal = new Terminal(out as unknown as NodeJS.WriteStream, err as unknown as NodeJS.WriteStream);
  return { terminal, out: () => out.text, err: () => err.text };
}
