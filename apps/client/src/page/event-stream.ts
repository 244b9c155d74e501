import type { ServerResponse } from 'node:http';

/** More pages at once are refused. */
const MAX_READERS = 8;
/** A reader for whom so much waits does not read. */
const MAX_WAITING_BYTES = 512 * 1024;
/** Pause before a browser connects again. */
const RETRY_MS = 1_000;

/** Server-sent events for all pages that are open. Each gets all of the state first, and then what is new. */
export class EventStream {
  readonly #readers = new Set<ServerResponse>();
  #nextId = 1;

  get readers(): number {
    return this.#readers.size;
  }

  get isFull(): boolean {
    return this.#readers.size >= MAX_READERS;
  }

  /** Takes over the answer to a request. @param first goes to this reader alone. */
  add(response: ServerResponse, first: object): void {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(`retry: ${RETRY_MS}\n\n`);
    response.write(this.#event('state', first));
    this.#readers.add(response);
    response.on('error', () => this.#readers.delete(response));
    response.once('close', () => this.#readers.delete(response));
  }

  /** To all readers. Those that do not read are dropped; their browsers connect again. */
  send(name: 'state' | 'end', value: object): void {
    if (this.#readers.size === 0) return;
    const text = this.#event(name, value);
    for (const response of this.#readers) {
      if (response.writableLength <= MAX_WAITING_BYTES) response.write(text);
      else this.#drop(response);
    }
  }

  /** Ends all of them, after a last event. */
  end(value: object): void {
    this.send('end', value);
    for (const response of this.#readers) response.end();
    this.#readers.clear();
  }

  #drop(response: ServerResponse): void {
    this.#readers.delete(response);
    response.destroy();
  }

  /** JSON has no line breaks, which would end an event. */
  #event(name: string, value: object): string {
    return `id: ${this.#nextId++}\nevent: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
  }
}
