import type { Framing } from './framing.ts';

/** Payloads as they are: for relays that know where to send by the port on which they listen. */
export class PlainFraming implements Framing {
  readonly extraOffset = 0;

  wrap(_client: number, _offset: number, _lengthBytes: number, _nowUs: number): number {
    return 0;
  }

  extra(_client: number, _nowUs: number): number {
    return 0;
  }

  sent(): void {
    // Nothing was handed out.
  }

  unwrap(_client: number, offset: number, _lengthBytes: number): number {
    return offset;
  }

  renew(): void {
    // Who is let in stays so.
  }

  isOpen(_client: number): boolean {
    return true;
  }

  writeOpening(_client: number, _offset: number, _nowUs: number): number {
    return 0;
  }

  readOpening(_client: number, _offset: number, _lengthBytes: number): void {
    // Nothing is asked for.
  }
}
