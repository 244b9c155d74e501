import type { PacketExplanation } from '../decode/explain-packet.ts';
import type { FrameExplanation } from '../decode/explain-frame.ts';
import { USUAL_DATA_PORT } from '../decode/session-judge.ts';
import { renderJson, renderTable } from '../decode/render.ts';
import type { Terminal } from './terminal.ts';

const NS_PER_MS = 1_000_000n;
const NS_PER_US = 1_000n;
const NS_PER_S = 1_000_000_000n;
/** The last time that JavaScript can write as a date, in milliseconds. */
const LAST_DATE_MS = 8_640_000_000_000_000n;

/** Where a frame stands in its capture. */
export interface FramePlace {
  readonly number: number;
  /** As text; undefined if it is not known. */
  readonly time: string | undefined;
}

/** Prints what `decode` finds, for people or as JSON, and counts it. */
export class DecodeOutput {
  readonly #terminal: Terminal;
  readonly #isJson: boolean;
  #hasPrinted = false;
  #frames = 0;
  #ours = 0;
  #faults = 0;

  constructor(terminal: Terminal, isJson: boolean) {
    this.#terminal = terminal;
    this.#isJson = isJson;
  }

  /** Whether all that it printed is valid, or no packet of the tunnel at all. */
  get isSound(): boolean {
    return this.#faults === 0;
  }

  /** Whether there was anything. */
  get isEmpty(): boolean {
    return !this.#hasPrinted;
  }

  /** A packet without a frame around it. */
  bare(bytes: Uint8Array, explanation: PacketExplanation): void {
    if (explanation.refusal !== undefined) this.#faults++;
    if (this.#isJson) this.#terminal.json(renderJson(explanation, bytes));
    else this.#table(explanation);
    this.#hasPrinted = true;
  }

  /** A frame and what is in it. */
  frame({ number, time }: FramePlace, { source, destination, why, isFault, packets }: FrameExplanation): void {
    this.#frames++;
    const capture = { number, time, source, destination };
    const place = [`#${number}`, time, source === undefined ? undefined : `${source} > ${destination}`]
      .filter((part) => part !== undefined)
      .join('  ');
    if (why === undefined || isFault) this.#ours++;
    if (why !== undefined) {
      if (isFault) this.#faults++;
      if (this.#isJson) this.#terminal.json({ capture, ours: isFault, why });
      else this.#terminal.line(this.#mark(isFault)(`${place}: ${isFault ? '' : "not LightSpeed's: "}${why}`));
      this.#hasPrinted = true;
      return;
    }
    packets.forEach(({ bytes, explanation }, index) => {
      if (explanation.refusal !== undefined) this.#faults++;
      const part = packets.length === 1 ? {} : { part: index + 1, parts: packets.length };
      if (this.#isJson) this.#terminal.json({ capture: { ...capture, ...part }, ours: true, ...renderJson(explanation, bytes) });
      else {
        const which = packets.length === 1 ? '' : `  (${index + 1} of ${packets.length} that leave as one)`;
        this.#table(explanation, `${place}${which}`);
      }
      this.#hasPrinted = true;
    });
  }

  /** Bytes of which nobody can tell what they are. */
  unclear(why: string): void {
    this.#faults++;
    if (this.#isJson) this.#terminal.json({ event: 'error', code: 'ERR_CLIENT_NOT_HEX', message: why });
    else this.#terminal.line(this.#terminal.bad(why));
    this.#hasPrinted = true;
  }

  /** One line about all frames, on standard error. @param incomplete datagrams of which parts are missing. */
  summary(incomplete: number): void {
    if (this.#frames === 0) return;
    const parts = [this.#frames === 1 ? '1 packet' : `${this.#frames} packets`, `${this.#ours} of LightSpeed's`];
    if (this.#faults > 0) parts.push(`${this.#faults} that cannot be read or are not valid`);
    if (incomplete > 0) parts.push(`${incomplete} of which parts are missing`);
    const hint = this.#ours > 0 ? '' : `; if the node has another data port than ${USUAL_DATA_PORT}, name it with --port`;
    this.#terminal.error(`${parts.join(', ')}${hint}`);
  }

  #table(explanation: PacketExplanation, place?: string): void {
    if (this.#hasPrinted) this.#terminal.line('');
    if (place !== undefined) this.#terminal.line(this.#terminal.strong(place));
    for (const line of renderTable(explanation, this.#terminal)) this.#terminal.line(line);
  }

  #mark(isFault: boolean): (text: string) => string {
    return isFault ? this.#terminal.bad : this.#terminal.faint;
  }
}

/** A time of a capture in UTC, to the micro- or nanosecond. */
export function formatCaptureTime(timeNs: bigint): string {
  const ms = timeNs / NS_PER_MS;
  const digits = timeNs % NS_PER_US === 0n ? 6 : 9;
  const isDate = timeNs >= 0n && ms <= LAST_DATE_MS;
  if (!isDate) return `${timeNs} ns`;
  const fraction = (timeNs % NS_PER_S).toString().padStart(9, '0').slice(0, digits);
  return `${new Date(Number(ms)).toISOString().slice(0, -'.000Z'.length)}.${fraction}Z`;
}
