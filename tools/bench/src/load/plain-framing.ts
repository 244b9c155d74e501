import type { Framing } from './framing.ts';

/** Payloads as they are: for relays that know where to send by the port on which they listen. */
export class PlainFraming implements Framing {
  readonly headroomBytes = 0;
  readonly extraOffset = 0;

  wrap(): number {
    return 0;
  }

  extra(): number {
    return 0;
  }

  sent(): void {
    // Nothing was handed out.
  }

  unwrap(_client: number, offset: number): number {
    return offset;
  }

  isOpen(): boolean {
    return true;
  }

  writeOpening(): number {
    return 0;
  }

  readOpening(): void {
    // Nothing is asked for.
  }
}
